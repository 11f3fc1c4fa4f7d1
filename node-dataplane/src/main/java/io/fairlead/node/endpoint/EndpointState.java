package io.fairlead.node.endpoint;

import java.util.Locale;

/** Where an endpoint is between claim and release. */
public enum EndpointState {
    /** Being made; carries no traffic. Found at start, it is undone. */
    CREATING,
    /** Found at start with its device; carries traffic, and the control plane has not heard of it again yet. */
    RESTORING,
    /** Whole and known everywhere. */
    READY,
    /** Being removed. Found at start, its removal is finished. */
    DISCONNECTING;

    /** True when an endpoint may go from this state to the other. Staying is no step. */
    public boolean mayBecome(EndpointState next) {
        return switch (this) {
            case CREATING, RESTORING -> next == READY || next == DISCONNECTING;
            case READY -> next == RESTORING || next == DISCONNECTING;
            case DISCONNECTING -> false;
        };
    }

    /** The name as lists and files have it: "ready". */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    static EndpointState parse(String text) {
        for (EndpointState state : values()) {
            if (state.text().equals(text)) {
                return state;
            }
        }
        throw new IllegalArgumentException(
                "endpoint state: \"" + text + "\" (expected: creating, restoring, ready or disconnecting)");
    }
}

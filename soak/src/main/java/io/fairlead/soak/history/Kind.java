package io.fairlead.soak.history;

/** What can be asked of the services. A kind either gives its subject a state or takes it away. */
public enum Kind {
    REGISTER(true),
    RELEASE_NODE(false),
    /** Another block for a node; the state is all it has then. */
    ADD_CIDR(true),
    /** A block back; the state is what is left. */
    RETURN_CIDR(false),
    ALLOCATE(true),
    RELEASE_IDENTITY(false),
    PUBLISH(true),
    WITHDRAW(false),
    APPLY_POLICY(true),
    DELETE_POLICY(false);

    private final boolean gives;

    Kind(boolean gives) {
        this.gives = gives;
    }

    /** True when the subject is there afterwards. */
    public boolean gives() {
        return gives;
    }
}

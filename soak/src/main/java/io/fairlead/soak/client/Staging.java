package io.fairlead.soak.client;

import org.jspecify.annotations.Nullable;

/**
 * A table that is told in parts: until the last part has come, the former content stays the content.
 *
 * <p>A difference of one part, by far the most frequent kind, is applied in place.
 */
final class Staging {
    private final Dictionary dictionary;
    private NodeTable content;
    private @Nullable NodeTable staged;
    private boolean snapshotting;

    Staging(Dictionary dictionary) {
        this.dictionary = dictionary;
        this.content = new NodeTable(dictionary);
    }

    void restart() {
        staged = null;
        snapshotting = false;
    }

    /** The table a part goes into. */
    NodeTable open(boolean snapshot, boolean complete) {
        if (snapshot && !snapshotting) {
            staged = new NodeTable(dictionary);
            snapshotting = true;
        } else if (staged == null && !complete) {
            staged = content.copy();
        }
        return staged == null ? content : staged;
    }

    void done(boolean complete) {
        if (complete) {
            content = staged == null ? content : staged;
            restart();
        }
    }

    NodeTable content() {
        return content;
    }
}

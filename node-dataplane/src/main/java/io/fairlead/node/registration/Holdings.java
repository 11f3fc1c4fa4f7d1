package io.fairlead.node.registration;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.UnaryOperator;

/** What was agreed, in memory and on disk; on disk first. Thread-safe. */
final class Holdings {
    private final NodeFile file;
    private Agreement agreement; // guarded by: this

    Holdings(NodeFile file, Agreement agreement) {
        this.file = file;
        this.agreement = agreement;
    }

    synchronized Agreement now() {
        return agreement;
    }

    /** @throws UncheckedIOException when the disk refuses: nothing changed then */
    synchronized Agreement change(UnaryOperator<Agreement> change) {
        Agreement changed = change.apply(agreement);
        if (!changed.equals(agreement)) {
            try {
                file.write(changed);
            } catch (IOException e) {
                throw new UncheckedIOException("node file: " + e.getMessage(), e);
            }
            agreement = changed;
        }
        return changed;
    }
}

package io.fairlead.node.endpoint;

import java.util.ArrayDeque;
import java.util.Deque;

/** What takes a half-made endpoint back, last step first. For one operation, so for one thread. */
final class Undo {
    private final Deque<Runnable> steps = new ArrayDeque<>();

    void add(Runnable step) {
        steps.push(step);
    }

    /**
     * Undoes all steps. When one fails the earlier ones stay as they are: an address must not be given away while its
     * device may exist.
     *
     * @param cause gets that failure as a suppressed one
     * @return true when everything is undone
     */
    boolean run(RuntimeException cause) {
        while (!steps.isEmpty()) {
            try {
                steps.pop().run();
            } catch (RuntimeException e) {
                cause.addSuppressed(e);
                return false;
            }
        }
        return true;
    }
}

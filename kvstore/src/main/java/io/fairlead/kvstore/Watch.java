package io.fairlead.kvstore;

/** An open watch. */
public interface Watch extends AutoCloseable {
    /** Ends it; nothing is said after this returns. Ending it again does nothing. */
    @Override
    void close();
}

package io.fairlead.kvstore.testing;

/** A running etcd that can be made to fail. Methods block until the server is in the state they name. */
public interface EtcdServer extends AutoCloseable {
    /** Where clients reach it: "127.0.0.1:port". The same over restarts. */
    String endpoint();

    /** Ends it without warning; its data stays. */
    void kill9();

    /** Starts it again after {@link #kill9()}, on its data, and waits until it has a leader. */
    void restart();

    /** Starts it again after {@link #kill9()} without its data, as after a lost disk. */
    void restartEmpty();

    /** Stops it from running without ending it: its connections stay open and silent. */
    void pause();

    /** Ends {@link #pause()}. */
    void resume();

    /** Ends it and removes its data. */
    @Override
    void close();
}

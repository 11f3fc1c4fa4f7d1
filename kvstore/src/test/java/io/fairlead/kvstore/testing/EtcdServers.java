package io.fairlead.kvstore.testing;

/** Picks where this module's tests run etcd. */
public final class EtcdServers {
    private EtcdServers() {}

    /** An empty etcd. */
    public static EtcdServer start() {
        return EtcdProcess.start();
    }
}

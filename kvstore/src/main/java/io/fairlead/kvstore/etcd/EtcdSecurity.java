package io.fairlead.kvstore.etcd;

import io.netty.handler.ssl.SslContext;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * How etcd and this process know each other.
 *
 * @param tls for the connections, which also checks who answers; empty for plain ones
 * @param login empty when etcd asks for no user, or takes it from the certificate's common name
 */
public record EtcdSecurity(Optional<SslContext> tls, Optional<Login> login) {
    /** Plain connections of nobody. */
    public static final EtcdSecurity NONE = new EtcdSecurity(Optional.empty(), Optional.empty());

    /**
     * A user of etcd.
     *
     * @param password asked each time it is needed, and not kept; may throw
     */
    public record Login(String username, Supplier<String> password) {}
}

package io.fairlead.runtime.grpc.tls;

import io.fairlead.runtime.config.Config;
import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.config.StoreKeys;
import io.fairlead.runtime.process.Lifecycle;
import io.netty.handler.ssl.SslContext;
import java.util.List;
import java.util.Optional;

/**
 * How a process comes to the store: its certificate for it, and its user. The password is read from its file each time
 * that it is needed, and is kept nowhere.
 *
 * @param tls for the connections; empty when they are plain
 * @param login empty when there is no user
 */
public record StoreAccess(Optional<SslContext> tls, Optional<StoreKeys.Login> login) {
    /**
     * What the configuration says, the certificate kept up with its files.
     *
     * @throws IllegalArgumentException when files are missing or wrong
     */
    public static StoreAccess from(StoreKeys keys, Config config, Lifecycle life) {
        StoreKeys.Access access = keys.access(config);
        access.login().ifPresent(login -> {
            String password = login.password();
            assert !password.isEmpty();
        });
        List<HostPort> hosts = access.endpoints().stream()
                .map(url -> HostPort.parse(url.substring(url.indexOf("://") + 3)))
                .toList();
        Optional<SslContext> tls = access.files()
                .map(files -> TlsKeys.kept("etcd", new PemFiles(files.cert(), files.key(), files.ca()), life)
                        .client(Peer.store(hosts)));
        return new StoreAccess(tls, access.login());
    }
}

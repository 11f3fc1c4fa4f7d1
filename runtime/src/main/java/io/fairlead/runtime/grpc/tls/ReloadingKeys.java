package io.fairlead.runtime.grpc.tls;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * Shows the newest certificate. A handshake asks for an alias first, then for its key and chain: the last few stay, so
 * that what it gets fits together. Any thread.
 */
final class ReloadingKeys extends X509ExtendedKeyManager {
    private static final int KEPT = 4;

    private final ConcurrentSkipListMap<Long, Material> generations = new ConcurrentSkipListMap<>();

    ReloadingKeys(Material first) {
        generations.put(1L, first);
    }

    void add(Material next) {
        generations.put(generations.lastKey() + 1, next);
        while (generations.size() > KEPT) {
            generations.pollFirstEntry();
        }
    }

    private @Nullable String alias(String... keyTypes) {
        Map.Entry<Long, Material> newest = generations.lastEntry();
        String algorithm = newest.getValue().key().getAlgorithm();
        for (String type : keyTypes) {
            if (type.equals(algorithm) || type.startsWith(algorithm + "_")) {
                return newest.getKey().toString();
            }
        }
        return null;
    }

    @Override
    public @Nullable String chooseEngineClientAlias(String[] types, Principal @Nullable [] issuers, SSLEngine engine) {
        return alias(types);
    }

    @Override
    public @Nullable String chooseEngineServerAlias(String type, Principal @Nullable [] issuers, SSLEngine engine) {
        return alias(type);
    }

    @Override
    public @Nullable String chooseClientAlias(String[] types, Principal @Nullable [] issuers, Socket socket) {
        return alias(types);
    }

    @Override
    public @Nullable String chooseServerAlias(String type, Principal @Nullable [] issuers, Socket socket) {
        return alias(type);
    }

    @Override
    public String @Nullable [] getClientAliases(String type, Principal @Nullable [] issuers) {
        return aliases(type);
    }

    @Override
    public String @Nullable [] getServerAliases(String type, Principal @Nullable [] issuers) {
        return aliases(type);
    }

    private String @Nullable [] aliases(String type) {
        String alias = alias(type);
        return alias == null ? null : new String[] {alias};
    }

    @Override
    public X509Certificate @Nullable [] getCertificateChain(String alias) {
        Material material = generations.get(Long.valueOf(alias));
        return material == null ? null : material.chain().toArray(new X509Certificate[0]);
    }

    @Override
    public @Nullable PrivateKey getPrivateKey(String alias) {
        Material material = generations.get(Long.valueOf(alias));
        return material == null ? null : material.key();
    }
}

package io.fairlead.kvstore.testing;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/** Asks an etcd how it is. */
final class Health {
    private Health() {}

    /** True when it answers and has a leader. */
    static boolean ofEtcd(String endpoint) {
        try {
            HttpURLConnection connection = (HttpURLConnection)
                    URI.create("http://" + endpoint + "/health").toURL().openConnection();
            connection.setConnectTimeout(500);
            connection.setReadTimeout(2000);
            try (var body = connection.getInputStream()) {
                return new String(body.readAllBytes(), StandardCharsets.UTF_8).contains("\"health\":\"true\"");
            } finally {
                connection.disconnect();
            }
        } catch (IOException e) {
            // not listening, or without a leader, yet
            return false;
        }
    }
}

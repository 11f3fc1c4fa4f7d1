package io.fairlead.cli.sysdump;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Reads a page of a process's health address. */
final class Web {
    private Web() {}

    /**
     * A page with its status, also one that says that something is not well.
     *
     * @param address host:port
     * @throws IOException when nobody answers
     */
    static String page(String address, String path, Duration timeout) throws IOException {
        HttpURLConnection connection = (HttpURLConnection)
                URI.create("http://" + address + path).toURL().openConnection();
        int millis = Math.toIntExact(timeout.toMillis());
        connection.setConnectTimeout(millis);
        connection.setReadTimeout(millis);
        try {
            int status = connection.getResponseCode();
            InputStream body = status < 400 ? connection.getInputStream() : connection.getErrorStream();
            String text = body == null ? "" : new String(body.readAllBytes(), StandardCharsets.UTF_8);
            return status == 200 ? text : "HTTP " + status + "\n" + text;
        } catch (IOException e) {
            throw new IOException(address + ": " + e.getMessage(), e);
        } finally {
            connection.disconnect();
        }
    }
}

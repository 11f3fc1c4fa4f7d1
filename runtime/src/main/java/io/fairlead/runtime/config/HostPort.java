package io.fairlead.runtime.config;

import java.net.InetSocketAddress;

/**
 * Where to listen or connect.
 *
 * @param host name or address; an IPv6 address without brackets
 * @param port 0 to 65535; 0 lets the kernel choose when listening
 */
public record HostPort(String host, int port) {
    public HostPort {
        if (host.isEmpty() || port < 0 || port > 65535) {
            throw new IllegalArgumentException(expectation());
        }
    }

    /** Reads "host:port" or "[v6 address]:port". */
    public static HostPort parse(String text) {
        int colon = text.lastIndexOf(':');
        String host = colon < 0 ? "" : text.substring(0, colon);
        String port = text.substring(colon + 1);
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        if (bracketed) {
            host = host.substring(1, host.length() - 1);
        }
        boolean bad = host.isEmpty() || !port.matches("[0-9]{1,5}") || host.matches(".*[\\s\\[\\]/].*");
        if (bad || (host.indexOf(':') >= 0 && !bracketed)) {
            throw new IllegalArgumentException(expectation());
        }
        return new HostPort(host, Integer.parseInt(port));
    }

    /** For sockets; resolves a name, which may block. */
    public InetSocketAddress toSocketAddress() {
        return new InetSocketAddress(host, port);
    }

    private static String expectation() {
        return "(expected: host:port such as 127.0.0.1:7301 or [::1]:7301, port 0 to 65535)";
    }

    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}

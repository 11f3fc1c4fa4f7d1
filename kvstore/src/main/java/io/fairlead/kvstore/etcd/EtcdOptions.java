package io.fairlead.kvstore.etcd;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Where etcd is and how long to wait for it.
 *
 * @param endpoints "host:port", IPv6 hosts in brackets; made from "http://host:port" and "https://host:port" too
 * @param deadline within which each request ends; of a list: each page
 * @param pageSize entries a list asks for at a time
 * @param security how etcd and this process know each other
 * @param grouping transactions that wait for others may go to etcd in one request; false sends each by itself
 */
public record EtcdOptions(
        List<String> endpoints, Duration deadline, int pageSize, EtcdSecurity security, boolean grouping) {
    /** What a request may take when nobody says otherwise. */
    public static final Duration DEFAULT_DEADLINE = Duration.ofSeconds(2);

    /** Entries a page when nobody says otherwise. */
    public static final int DEFAULT_PAGE_SIZE = 2000;

    public EtcdOptions {
        if (endpoints.isEmpty()) {
            throw new IllegalArgumentException("etcd endpoints: none (expected: at least one host:port)");
        }
        List<String> clean = new ArrayList<>();
        for (String endpoint : endpoints) {
            clean.add(checked(endpoint));
        }
        endpoints = List.copyOf(clean);
        if (deadline.toMillis() < 1) {
            throw new IllegalArgumentException("etcd deadline: " + deadline + " (expected: 1 ms or more)");
        }
        if (pageSize < 1) {
            throw new IllegalArgumentException("etcd page size: " + pageSize + " (expected: 1 or more)");
        }
    }

    /** Plain connections of nobody. */
    public EtcdOptions(List<String> endpoints, Duration deadline, int pageSize) {
        this(endpoints, deadline, pageSize, EtcdSecurity.NONE, true);
    }

    /** These endpoints, everything else as usual. */
    public static EtcdOptions of(List<String> endpoints) {
        return new EtcdOptions(endpoints, DEFAULT_DEADLINE, DEFAULT_PAGE_SIZE);
    }

    /**
     * Reads a comma-separated list of endpoints.
     *
     * @throws IllegalArgumentException naming the first that is none
     */
    public static EtcdOptions parse(String endpoints) {
        return of(List.of(endpoints.split(",", -1)));
    }

    /** The same with another deadline. */
    public EtcdOptions withDeadline(Duration other) {
        return new EtcdOptions(endpoints, other, pageSize, security, grouping);
    }

    /** The same for a user, over TLS. */
    public EtcdOptions with(EtcdSecurity other) {
        return new EtcdOptions(endpoints, deadline, pageSize, other, grouping);
    }

    /** The same, each transaction a request of its own. */
    public EtcdOptions withoutGrouping() {
        return new EtcdOptions(endpoints, deadline, pageSize, security, false);
    }

    /** How endpoints' URLs begin. */
    String scheme() {
        return security.tls().isPresent() ? "https://" : "http://";
    }

    private static String checked(String endpoint) {
        String text = endpoint.strip();
        String bare = text.replaceFirst("^https?://", "");
        if (bare.endsWith("/")) {
            bare = bare.substring(0, bare.length() - 1);
        }
        try {
            URI uri = URI.create("http://" + bare);
            boolean only = bare.equals(uri.getRawAuthority()) && uri.getUserInfo() == null;
            if (only && uri.getHost() != null && uri.getPort() > 0 && uri.getPort() < 65536) {
                return bare;
            }
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(wrong(endpoint), e);
        }
        throw new IllegalArgumentException(wrong(endpoint));
    }

    private static String wrong(String endpoint) {
        return "etcd endpoint: \"" + endpoint + "\" (expected: host:port such as 127.0.0.1:2379)";
    }
}

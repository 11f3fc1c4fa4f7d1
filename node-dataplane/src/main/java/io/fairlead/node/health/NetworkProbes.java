package io.fairlead.node.health;

import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.KernelException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;

/** Probes over the real network, from the namespace of the thread that makes this. */
public final class NetworkProbes implements Probes, AutoCloseable {
    private final int port;
    private final Map<Ip.Family, EchoSocket> echoes = new EnumMap<>(Ip.Family.class);
    private final Map<Ip.Family, String> without = new EnumMap<>(Ip.Family.class);
    private final ExecutorService executor = Executors.newFixedThreadPool(2, task -> {
        Thread thread = new Thread(task, "health-http");
        thread.setDaemon(true);
        return thread;
    });
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .proxy(HttpClient.Builder.NO_PROXY)
            .executor(executor)
            .build();

    /** @param port of the other nodes' responders */
    public NetworkProbes(int port, RandomGenerator random) {
        this.port = port;
        for (Ip.Family family : Ip.Family.values()) {
            try {
                echoes.put(family, new EchoSocket(family, random));
            } catch (KernelException e) {
                // a kernel without IPv6 can still probe IPv4
                without.put(family, String.valueOf(e.getMessage()));
            }
        }
    }

    @Override
    public CompletableFuture<Duration> probe(Kind kind, Ip ip, Duration deadline) {
        CompletableFuture<Duration> answer = switch (kind) {
            case ICMP -> echo(ip, deadline);
            case HTTP -> get(ip, deadline);
        };
        return answer.handle((roundTrip, failure) -> {
            if (failure != null) {
                throw new CompletionException(explained(failure));
            }
            return roundTrip;
        });
    }

    private CompletableFuture<Duration> echo(Ip ip, Duration deadline) {
        EchoSocket socket = echoes.get(ip.family());
        return socket == null
                ? CompletableFuture.failedFuture(new IOException(without.get(ip.family())))
                : socket.send(ip, deadline);
    }

    private CompletableFuture<Duration> get(Ip ip, Duration deadline) {
        String host = ip.isV4() ? ip.toString() : "[" + ip + "]";
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://" + host + ":" + port + Responder.HELLO))
                .timeout(deadline)
                .GET()
                .build();
        long sent = System.nanoTime();
        CompletableFuture<HttpResponse<Void>> exchange =
                http.sendAsync(request, HttpResponse.BodyHandlers.discarding());
        CompletableFuture<Duration> answer = exchange.thenApply(response -> {
            if (response.statusCode() != 200) {
                throw new CompletionException(new IOException("HTTP status " + response.statusCode()));
            }
            return Duration.ofNanos(System.nanoTime() - sent);
        });
        // the client's own timeout ends with the headers; a body without an end must not stay
        return answer.orTimeout(deadline.toNanos(), TimeUnit.NANOSECONDS).whenComplete((v, e) -> exchange.cancel(true));
    }

    private static Exception explained(Throwable failure) {
        Throwable cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof TimeoutException || cause instanceof HttpTimeoutException) {
            return new IOException(TIMED_OUT, cause);
        }
        if (cause instanceof ConnectException) {
            Throwable root = cause;
            while (root.getCause() != null && root.getMessage() == null) {
                root = root.getCause();
            }
            String message = root.getMessage();
            return new IOException(message == null ? "Connection refused" : message, cause);
        }
        return cause instanceof Exception e ? e : new IOException(cause);
    }

    @Override
    public void close() {
        echoes.values().forEach(EchoSocket::close);
        executor.shutdownNow();
    }
}

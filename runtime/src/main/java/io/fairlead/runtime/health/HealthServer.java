package io.fairlead.runtime.health;

import io.fairlead.runtime.config.HostPort;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.Map;

/**
 * HTTP for whoever watches the process: /livez while it answers at all, /readyz while every subsystem is well (200 or
 * 503), /healthz with each subsystem as JSON, /metrics for Prometheus.
 */
public final class HealthServer {
    private final HttpServer server;

    private HealthServer(HttpServer server) {
        this.server = server;
    }

    /** Starts listening. */
    public static Future<HealthServer> start(
            Vertx vertx, HostPort listen, Health health, PrometheusMeterRegistry metrics) {
        return vertx.createHttpServer()
                .requestHandler(request -> answer(request, health, metrics))
                .listen(listen.port(), listen.host())
                .map(HealthServer::new)
                .recover(cause -> Future.failedFuture(new IOException(
                        "cannot listen: " + listen + " (expected: an address that is free): " + cause, cause)));
    }

    /** The port it listens on. */
    public int port() {
        return server.actualPort();
    }

    /** Stops listening. */
    public Future<Void> stop() {
        return server.close();
    }

    private static void answer(HttpServerRequest request, Health health, PrometheusMeterRegistry metrics) {
        HttpServerResponse response = request.response();
        switch (request.path()) {
            case "/livez" -> send(response, 200, "text/plain", "ok\n");
            case "/readyz" -> health.ask().onSuccess(states -> ready(response, states));
            case "/healthz" -> health.ask().onSuccess(states -> detail(response, states));
            case "/metrics" -> send(response, 200, "text/plain; version=0.0.4; charset=utf-8", metrics.scrape());
            default -> send(response, 404, "text/plain", "expected: /livez, /readyz, /healthz or /metrics\n");
        }
    }

    private static void ready(HttpServerResponse response, Map<String, HealthCheck.State> states) {
        StringBuilder text = new StringBuilder();
        states.forEach((name, state) -> {
            if (!state.ok()) {
                text.append(name).append(": ").append(state.text()).append('\n');
            }
        });
        boolean ok = text.isEmpty();
        send(response, ok ? 200 : 503, "text/plain", ok ? "ok\n" : text.toString());
    }

    private static void detail(HttpServerResponse response, Map<String, HealthCheck.State> states) {
        JsonObject subsystems = new JsonObject();
        boolean ok = true;
        for (Map.Entry<String, HealthCheck.State> entry : states.entrySet()) {
            HealthCheck.State state = entry.getValue();
            ok &= state.ok();
            subsystems.put(
                    entry.getKey(), new JsonObject().put("ok", state.ok()).put("text", state.text()));
        }
        JsonObject body = new JsonObject().put("ok", ok).put("subsystems", subsystems);
        send(response, ok ? 200 : 503, "application/json", body.encodePrettily() + "\n");
    }

    private static void send(HttpServerResponse response, int status, String type, String body) {
        response.setStatusCode(status).putHeader("content-type", type).end(body);
    }
}

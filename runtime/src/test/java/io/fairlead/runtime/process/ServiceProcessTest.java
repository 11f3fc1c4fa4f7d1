package io.fairlead.runtime.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.runtime.config.Config;
import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.health.HealthCheck;
import io.fairlead.runtime.health.HealthServer;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class ServiceProcessTest {
    private final ServiceProcess process = new ServiceProcess("test-service", "Tests.", "127.0.0.1:0");
    private final Lifecycle life = new Lifecycle(Vertx.vertx());

    @Test
    void stopUndoesStepsInReverseAlthoughOneFails() throws Exception {
        List<String> undone = Collections.synchronizedList(new ArrayList<>());
        Config config = process.configure();
        await(process.run(config, life, (c, l) -> {
            l.onStop("first", () -> step(undone, "first"));
            l.onStop("broken", () -> Future.failedFuture("broken on purpose"));
            l.onClose("throwing", () -> {
                throw new IllegalStateException("on purpose");
            });
            l.onStop("last", () -> step(undone, "last"));
            return Future.succeededFuture();
        }));
        await(life.stop());
        await(life.stop());
        assertThat(undone).containsExactly("last", "first");
    }

    @Test
    void aFailedStartFailsTheRun() throws Exception {
        Future<Void> run = process.run(process.configure(), life, (c, l) -> Future.failedFuture("no store"));
        assertThat(run.toCompletionStage().toCompletableFuture())
                .failsWithin(java.time.Duration.ofSeconds(10))
                .withThrowableThat()
                .withMessageContaining("no store");
        await(life.stop());
    }

    @Test
    void healthSpeaksOfEachSubsystem() throws Exception {
        HealthServer server =
                await(HealthServer.start(life.vertx(), new HostPort("127.0.0.1", 0), life.health(), life.metrics()));
        life.metrics().counter("fairlead.test").increment();
        life.health().register("good", HealthCheck.of(() -> new HealthCheck.State(true, "fine")));
        assertThat(get(server, "/livez").statusCode()).isEqualTo(200);
        assertThat(get(server, "/readyz").statusCode()).isEqualTo(200);
        life.health().register("bad", HealthCheck.of(() -> new HealthCheck.State(false, "no quorum")));
        life.health().register("throwing", () -> {
            throw new IllegalStateException("on purpose");
        });
        assertThat(get(server, "/livez").statusCode()).isEqualTo(200);
        assertThat(get(server, "/readyz").statusCode()).isEqualTo(503);
        assertThat(get(server, "/readyz").body()).contains("bad: no quorum").doesNotContain("good");
        assertThat(get(server, "/healthz").body()).contains("\"good\"", "no quorum", "on purpose");
        assertThat(get(server, "/metrics").body()).contains("fairlead_test_total 1.0");
        assertThat(get(server, "/nothing").statusCode()).isEqualTo(404);
        await(server.stop());
        await(life.vertx().close());
    }

    private static Future<Void> step(List<String> undone, String name) {
        undone.add(name);
        return Future.succeededFuture();
    }

    private static HttpResponse<String> get(HealthServer server, String path) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + server.port() + path);
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
    }

    private static <T> T await(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }
}

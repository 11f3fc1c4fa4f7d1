package io.fairlead.runtime.grpc.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.proto.identity.v1.IdentityServiceGrpc;
import io.fairlead.proto.identity.v1.WithdrawEndpointRequest;
import io.fairlead.proto.identity.v1.WithdrawEndpointResponse;
import io.fairlead.proto.route.v1.GetStatusRequest;
import io.fairlead.proto.route.v1.GetStatusResponse;
import io.fairlead.proto.route.v1.ListRoutesRequest;
import io.fairlead.proto.route.v1.ListRoutesResponse;
import io.fairlead.proto.route.v1.RouteServiceGrpc;
import io.fairlead.proto.route.v1.StreamRoutesRequest;
import io.fairlead.proto.route.v1.StreamRoutesResponse;
import io.fairlead.proto.route.v1.SubscribeRoutes;
import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.grpc.Channels;
import io.fairlead.runtime.grpc.GrpcServer;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.netty.handler.ssl.SslContext;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class GuardTest {
    private static final Duration DEADLINE = Duration.ofSeconds(5);

    @TempDir
    private static Path dir;

    private static Certificates ca;
    private static Certificates foreign;
    private static PemFiles service;
    private static PemFiles dev1;
    private static PemFiles admin;

    private final PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final List<ManagedChannel> channels = new ArrayList<>();
    private final Routes routes = new Routes();
    private final LogLines log = new LogLines();
    // what is against a withdrawal
    private final AtomicReference<Future<Optional<String>>> against = new AtomicReference<>(Rights.ALLOWED);
    private GrpcServer server;
    private PemFiles serverFiles;
    private Tls serverTls;

    /** Remembers who called, and whether streams ended. */
    private static final class Routes
            implements RouteServiceGrpc.AsyncService, IdentityServiceGrpc.AsyncService, io.grpc.BindableService {
        private final List<Caller> callers = new CopyOnWriteArrayList<>();
        private final BlockingQueue<String> streams = new LinkedBlockingQueue<>();

        @Override
        public io.grpc.ServerServiceDefinition bindService() {
            return RouteServiceGrpc.bindService(this);
        }

        @Override
        public void listRoutes(ListRoutesRequest request, StreamObserver<ListRoutesResponse> observer) {
            callers.add(Caller.CURRENT.get());
            observer.onNext(ListRoutesResponse.getDefaultInstance());
            observer.onCompleted();
        }

        @Override
        public void getStatus(GetStatusRequest request, StreamObserver<GetStatusResponse> observer) {
            observer.onNext(GetStatusResponse.getDefaultInstance());
            observer.onCompleted();
        }

        @Override
        public void withdrawEndpoint(
                WithdrawEndpointRequest request, StreamObserver<WithdrawEndpointResponse> observer) {
            callers.add(Caller.CURRENT.get());
            observer.onNext(
                    WithdrawEndpointResponse.newBuilder().setWithdrawn(true).build());
            observer.onCompleted();
        }

        @Override
        public StreamObserver<StreamRoutesRequest> streamRoutes(StreamObserver<StreamRoutesResponse> observer) {
            return new StreamObserver<>() {
                @Override
                public void onNext(StreamRoutesRequest request) {
                    streams.add("subscribed " + request.getSubscribe().getNodeName());
                    observer.onNext(StreamRoutesResponse.getDefaultInstance());
                }

                @Override
                public void onError(Throwable cause) {
                    streams.add("cancelled");
                    // late words of a handler harm nobody
                    observer.onCompleted();
                }

                @Override
                public void onCompleted() {
                    streams.add("completed");
                    observer.onCompleted();
                }
            };
        }
    }

    @BeforeAll
    static void makeCertificates() {
        ca = new Certificates(dir.resolve("ca"), "fairlead");
        foreign = new Certificates(dir.resolve("foreign"), "foreign");
        service = ca.service("routes", "127.0.0.1");
        dev1 = ca.node("dev1");
        admin = ca.admin("me");
    }

    @BeforeEach
    void startServer() throws IOException {
        Rights rights = Rights.builder()
                .everybody(RouteServiceGrpc.getListRoutesMethod())
                .admins(RouteServiceGrpc.getGetConvergenceMethod())
                .nodes(
                        RouteServiceGrpc.getStreamRoutesMethod(),
                        Rights.ownName(
                                "subscribe",
                                (StreamRoutesRequest r) -> r.getSubscribe().getNodeName()))
                .nodes(IdentityServiceGrpc.getWithdrawEndpointMethod(), (node, request) -> against.get())
                .build();
        serverFiles = ca.copy(service, "server-" + System.nanoTime());
        serverTls = new Tls("grpc", serverFiles, InstantSource.system());
        Guard guard = Guard.of(Optional.of(serverTls), rights, metrics);
        server = GrpcServer.start(
                new HostPort("127.0.0.1", 0), guard, routes, () -> IdentityServiceGrpc.bindService(routes));
    }

    @AfterEach
    void stop() throws Exception {
        channels.forEach(ManagedChannel::shutdownNow);
        server.stop().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
        log.close();
    }

    private ManagedChannel channel(Optional<SslContext> tls) {
        ManagedChannel channel = Channels.tcp(new HostPort("127.0.0.1", server.port()), DEADLINE, tls);
        channels.add(channel);
        return channel;
    }

    private ManagedChannel as(PemFiles files) {
        HostPort address = new HostPort("127.0.0.1", server.port());
        return channel(
                Optional.of(new Tls("test", files, InstantSource.system()).client(Peer.service(List.of(address)))));
    }

    private static ListRoutesResponse list(ManagedChannel channel) {
        return RouteServiceGrpc.newBlockingStub(channel).listRoutes(ListRoutesRequest.getDefaultInstance());
    }

    private static boolean withdraw(ManagedChannel channel) {
        return IdentityServiceGrpc.newBlockingStub(channel)
                .withdrawEndpoint(WithdrawEndpointRequest.getDefaultInstance())
                .getWithdrawn();
    }

    private static StatusRuntimeException failure(Runnable call) {
        return catchThrowableOfType(StatusRuntimeException.class, call::run);
    }

    private void awaitLog(String... parts) {
        long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        while (log.lines().stream().noneMatch(line -> List.of(parts).stream().allMatch(line::contains))) {
            assertThat(System.nanoTime()).as(() -> "log: " + log.lines()).isLessThan(limit);
            Thread.onSpinWait();
        }
    }

    @Test
    void callersAreKnownByTheirCertificates() {
        list(as(dev1));
        list(as(admin));
        list(as(ca.service("ipam", "127.0.0.1")));
        assertThat(routes.callers.stream().map(Caller::toString))
                .containsExactly("node:dev1", "admin:me", "service:ipam");
    }

    @Test
    void aClientWithoutACertificateIsRefusedAndSaidSo() throws Exception {
        SslContext nobody = io.grpc.netty.GrpcSslContexts.forClient()
                .trustManager(service.ca().toFile())
                .build();
        ManagedChannel channel = channel(Optional.of(nobody));
        assertThat(failure(() -> list(channel)).getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        awaitLog("connection refused", "no client certificate");
        assertThat(metrics.scrape()).contains("fairlead_refused_connections_total");
    }

    @Test
    void aClientWithAForeignCertificateIsRefusedAndSaidSo() {
        PemFiles other = foreign.node("dev1");
        ManagedChannel channel = as(new PemFiles(other.cert(), other.key(), service.ca()));
        assertThat(failure(() -> list(channel)).getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        awaitLog("connection refused", "certificate of \"node:dev1\"");
        assertThat(routes.callers).isEmpty();
    }

    @Test
    void aClientWhoseCertificateHasExpiredIsRefusedAndSaidSo() throws Exception {
        PemFiles late = ca.expired("node:dev1", "late");
        SslContext expired = io.grpc.netty.GrpcSslContexts.forClient()
                .keyManager(late.cert().toFile(), late.key().toFile())
                .trustManager(service.ca().toFile())
                .build();
        ManagedChannel channel = channel(Optional.of(expired));
        assertThat(failure(() -> list(channel)).getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        awaitLog("connection refused", "certificate of \"node:dev1\"", "expired on ");
    }

    @Test
    void aClientThatSpeaksPlainTextIsRefusedAndSaidSo() {
        ManagedChannel channel = channel(Optional.empty());
        assertThat(failure(() -> list(channel)).getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        awaitLog("connection refused", "it does not speak TLS");
    }

    @Test
    void aNodeIsNoServiceForAClient() throws IOException {
        Certificates.replace(serverFiles, dev1);
        serverTls.check();
        serverTls.check();
        ManagedChannel channel = as(dev1);
        assertThat(io.fairlead.runtime.grpc.Statuses.text(failure(() -> list(channel))))
                .contains("node:dev1", "(expected: CN service:…)");
    }

    @Test
    void aCertificateOfNoKnownKindMayNothing() {
        StatusRuntimeException failure = failure(() -> list(as(ca.client("someone"))));
        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
        assertThat(failure).hasMessageContaining("CN \"someone\" (expected: node:NAME, service:NAME or admin:NAME)");
    }

    @Test
    void aMethodWithoutARuleIsNobodys() {
        for (PemFiles files : List.of(dev1, admin)) {
            StatusRuntimeException failure = failure(
                    () -> RouteServiceGrpc.newBlockingStub(as(files)).getStatus(GetStatusRequest.getDefaultInstance()));
            assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
            assertThat(failure).hasMessageContaining("may not call fairlead.route.v1.RouteService/GetStatus");
        }
    }

    @Test
    void adminsMethodsAreNotForNodesOrServices() {
        for (PemFiles files : List.of(dev1, ca.service("ipam", "127.0.0.1"))) {
            assertThat(failure(() -> RouteServiceGrpc.newBlockingStub(as(files))
                            .getConvergence(io.fairlead.proto.route.v1.GetConvergenceRequest.getDefaultInstance())))
                    .hasMessageContaining("(expected: an admin)");
        }
        // it passes the guard, and finds a method that this test does not have
        assertThat(failure(() -> RouteServiceGrpc.newBlockingStub(as(admin))
                                .getConvergence(io.fairlead.proto.route.v1.GetConvergenceRequest.getDefaultInstance()))
                        .getStatus()
                        .getCode())
                .isEqualTo(Status.Code.UNIMPLEMENTED);
        assertThat(failure(() -> withdraw(as(ca.service("ipam", "127.0.0.1")))))
                .hasMessageContaining("(expected: a node or an admin)");
    }

    @Test
    void aNodeSpeaksForItselfAlone() throws Exception {
        BlockingQueue<Object> answers = new LinkedBlockingQueue<>();
        subscribe(as(dev1), "dev1", answers);
        assertThat(routes.streams.poll(5, TimeUnit.SECONDS)).isEqualTo("subscribed dev1");
        assertThat(answers.poll(5, TimeUnit.SECONDS)).isInstanceOf(StreamRoutesResponse.class);
        subscribe(as(dev1), "dev2", answers);
        assertThat(answers.poll(5, TimeUnit.SECONDS))
                .asString()
                .contains("PERMISSION_DENIED: node:dev1 may not subscribe as dev2 (expected: its own name)");
        assertThat(routes.streams.poll(5, TimeUnit.SECONDS))
                .as("its handler knows")
                .isEqualTo("cancelled");
        awaitLog("call refused", "node:dev1 may not subscribe as dev2");
        assertThat(metrics.scrape())
                .contains("fairlead_denied_requests_total{method=\"fairlead.route.v1.RouteService/StreamRoutes\"} 1.0");
        subscribe(as(admin), "dev2", answers);
        assertThat(routes.streams.poll(5, TimeUnit.SECONDS)).isEqualTo("subscribed dev2");
    }

    private static void subscribe(ManagedChannel channel, String node, BlockingQueue<Object> answers) {
        StreamObserver<StreamRoutesRequest> requests = RouteServiceGrpc.newStub(channel)
                .streamRoutes(new StreamObserver<>() {
                    @Override
                    public void onNext(StreamRoutesResponse response) {
                        answers.add(response);
                    }

                    @Override
                    public void onError(Throwable cause) {
                        answers.add(cause);
                    }

                    @Override
                    public void onCompleted() {
                        answers.add("completed");
                    }
                });
        requests.onNext(StreamRoutesRequest.newBuilder()
                .setSubscribe(SubscribeRoutes.newBuilder().setNodeName(node))
                .build());
    }

    @Test
    void aCheckMayTakeItsTime() throws Exception {
        Promise<Optional<String>> decision = Promise.promise();
        against.set(decision.future());
        ManagedChannel channel = as(dev1);
        var answer = java.util.concurrent.CompletableFuture.supplyAsync(() -> withdraw(channel));
        assertThatThrownBy(() -> answer.get(100, TimeUnit.MILLISECONDS))
                .isInstanceOf(java.util.concurrent.TimeoutException.class);
        assertThat(routes.callers).isEmpty();
        decision.complete(Optional.empty());
        assertThat(answer.get(5, TimeUnit.SECONDS)).isTrue();
        assertThat(routes.callers).containsExactly(new Caller(Caller.Kind.NODE, "dev1"));
        against.set(Rights.refused("withdraw 10.0.0.1 (expected: another)"));
        assertThat(failure(() -> withdraw(channel)))
                .hasMessage("PERMISSION_DENIED: node:dev1 may not withdraw 10.0.0.1 (expected: another)");
        against.set(Future.failedFuture("the store is away"));
        assertThat(failure(() -> withdraw(channel)))
                .hasMessageStartingWith("UNAVAILABLE: ")
                .hasMessageContaining("the store is away");
        assertThat(routes.callers).hasSize(1);
    }

    @Test
    void newConnectionsUseReloadedFilesAndOldOnesStay() throws IOException {
        ManagedChannel before = as(dev1);
        list(before);
        PemFiles others = foreign.service("routes", "127.0.0.1");
        Certificates.replace(serverFiles, others);
        serverTls.check();
        serverTls.check();
        list(before);
        assertThat(failure(() -> list(as(dev1))).getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        list(as(foreign.node("dev1")));
    }

    @Test
    void withoutCertificatesEverybodyMayEverything() throws Exception {
        GrpcServer open = GrpcServer.start(
                new HostPort("127.0.0.1", 0),
                Guard.of(Optional.empty(), Rights.builder().build(), metrics),
                routes);
        ManagedChannel channel = Channels.tcp(new HostPort("127.0.0.1", open.port()), DEADLINE);
        channels.add(channel);
        list(channel);
        assertThat(routes.callers).containsExactly(Caller.ANONYMOUS);
        open.stop().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }
}

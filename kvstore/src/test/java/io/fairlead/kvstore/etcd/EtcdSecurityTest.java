package io.fairlead.kvstore.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.kvstore.KvException;
import io.fairlead.kvstore.Lease;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.StoreStatus;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.Watch;
import io.fairlead.kvstore.WatchEvent;
import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.SslContext;
import io.vertx.core.Future;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real etcd with certificates and users, made by the scripts users have. */
@Tag("etcd")
final class EtcdSecurityTest {
    private static final Path BIN = Path.of("../deploy/bin").toAbsolutePath();

    @TempDir
    private static Path dir;

    private static int port;
    private static int peerPort;
    private static Process etcd;

    private final List<EtcdKvStore> stores = new ArrayList<>();

    @BeforeAll
    static void startEtcd() throws Exception {
        run(Map.of(), BIN.resolve("make-certs").toString(), dir + "/etcd", "ca", "etcd");
        run(Map.of(), BIN.resolve("make-certs").toString(), dir + "/etcd", "server", "member", "127.0.0.1", "etcd");
        run(Map.of(), BIN.resolve("make-certs").toString(), dir + "/etcd", "client", "root");
        run(Map.of(), BIN.resolve("make-certs").toString(), dir + "/etcd", "client", "service-ipam");
        run(Map.of(), BIN.resolve("make-certs").toString(), dir + "/foreign", "ca", "foreign");
        run(Map.of(), BIN.resolve("make-certs").toString(), dir + "/foreign", "client", "service-ipam");
        port = freePort();
        peerPort = freePort();
        launch();
        run(
                Map.of(
                        "ETCDCTL_ENDPOINTS", "https://127.0.0.1:" + port,
                        "ETCDCTL_CACERT", dir + "/etcd/ca.crt",
                        "ETCDCTL_CERT", dir + "/etcd/root.crt",
                        "ETCDCTL_KEY", dir + "/etcd/root.key"),
                BIN.resolve("etcd-users").toString(),
                dir.toString());
    }

    @AfterAll
    static void stopEtcd() throws InterruptedException {
        etcd.destroyForcibly().waitFor();
    }

    @AfterEach
    void closeStores() {
        stores.forEach(EtcdKvStore::close);
    }

    private static void launch() throws IOException, InterruptedException {
        String client = "https://127.0.0.1:" + port;
        String peer = "https://127.0.0.1:" + peerPort;
        String files = dir + "/etcd/";
        etcd = new ProcessBuilder(
                        "/usr/bin/etcd",
                        "--name=a",
                        "--data-dir=" + dir.resolve("data"),
                        "--listen-client-urls=" + client,
                        "--advertise-client-urls=" + client,
                        "--listen-peer-urls=" + peer,
                        "--initial-advertise-peer-urls=" + peer,
                        "--initial-cluster=a=" + peer,
                        "--cert-file=" + files + "member.crt",
                        "--key-file=" + files + "member.key",
                        "--trusted-ca-file=" + files + "ca.crt",
                        "--client-cert-auth=true",
                        "--peer-cert-file=" + files + "member.crt",
                        "--peer-key-file=" + files + "member.key",
                        "--peer-trusted-ca-file=" + files + "ca.crt",
                        "--peer-client-cert-auth=true",
                        "--heartbeat-interval=20",
                        "--election-timeout=200",
                        "--bcrypt-cost=4",
                        "--logger=zap")
                .redirectErrorStream(true)
                .redirectOutput(
                        ProcessBuilder.Redirect.appendTo(dir.resolve("etcd.log").toFile()))
                .start();
        long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!Files.readString(dir.resolve("etcd.log")).contains("serving client")) {
            assertThat(System.nanoTime()).as("etcd is up").isLessThan(limit);
            assertThat(etcd.waitFor(20, TimeUnit.MILLISECONDS)).isFalse();
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static void run(Map<String, String> environment, String... command) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor())
                .as(() -> String.join(" ", command) + ": " + said)
                .isZero();
    }

    private static SslContext tls(String authority) throws IOException {
        return GrpcSslContexts.forClient()
                .keyManager(file(authority, "service-ipam.crt"), file(authority, "service-ipam.key"))
                .trustManager(file("etcd", "ca.crt"))
                // the JDK looks for the channel's authority
                .build();
    }

    private static File file(String authority, String name) {
        return dir.resolve(authority).resolve(name).toFile();
    }

    private EtcdKvStore store(Optional<SslContext> tls, Optional<EtcdSecurity.Login> login) {
        return store(tls, login, Duration.ofSeconds(4));
    }

    private EtcdKvStore store(Optional<SslContext> tls, Optional<EtcdSecurity.Login> login, Duration deadline) {
        EtcdKvStore store = new EtcdKvStore(EtcdOptions.of(List.of("https://127.0.0.1:" + port))
                .with(new EtcdSecurity(tls, login))
                .withDeadline(deadline));
        stores.add(store);
        return store;
    }

    private EtcdKvStore as(String user, Supplier<String> password) throws IOException {
        return store(Optional.of(tls("etcd")), Optional.of(new EtcdSecurity.Login(user, password)));
    }

    private EtcdKvStore as(String user) throws IOException {
        return as(user, () -> password(user));
    }

    private static String password(String user) {
        try {
            return Files.readString(dir.resolve(user + ".password")).strip();
        } catch (IOException e) {
            throw new IllegalArgumentException("no password of " + user, e);
        }
    }

    private static <T> T get(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    private static String failure(Future<?> future) {
        try {
            Object unexpected = future.toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
            throw new AssertionError("succeeded: " + unexpected);
        } catch (Exception e) {
            return String.valueOf(e.getCause());
        }
    }

    private static Txn put(String key) {
        return Txn.when().then(Op.put(key, "x"));
    }

    @Test
    void aUserReadsAndWritesItsOwnKeysAndNoOthers() throws Exception {
        EtcdKvStore ipam = as("ipam");
        assertThat(get(ipam.commit(put("fairlead/ipam/v1/node/a"))).succeeded()).isTrue();
        assertThat(get(ipam.commit(put("cilium/state/nodes/v1/default/a"))).succeeded())
                .isTrue();
        assertThat(get(ipam.list("fairlead/ipam/")).entries()).isNotEmpty();
        assertThat(get(ipam.list("fairlead/progress/")).entries()).isEmpty();
        for (String key : List.of(
                "cilium/state/identities/v1/id/1",
                "cilium/state/ip/v1/default/10.0.0.1",
                "fairlead/policy/v1/a",
                "fairlead/progress/v1/routes/a",
                "fairlead/rights/v1/node/a",
                "fairlead/events/v1/routes/a")) {
            assertThat(failure(ipam.commit(put(key)))).as(key).contains("PERMISSION_DENIED", "permission denied");
        }
        assertThat(failure(ipam.list("cilium/state/identities/"))).contains("PERMISSION_DENIED");
        EtcdKvStore routes = as("routes");
        assertThat(get(routes.list("cilium/state/nodes/")).entries()).isNotEmpty();
        assertThat(get(routes.commit(put("fairlead/progress/v1/routes/a/nodes")))
                        .succeeded())
                .isTrue();
        assertThat(failure(routes.commit(put("cilium/state/nodes/v1/default/a"))))
                .contains("PERMISSION_DENIED");
        assertThat(failure(routes.commit(put("fairlead/progress/v1/identities/a"))))
                .contains("PERMISSION_DENIED");
        EtcdKvStore identity = as("identity");
        assertThat(get(identity.commit(put("cilium/state/ip/v1/default/10.0.0.1")))
                        .succeeded())
                .isTrue();
        assertThat(failure(identity.commit(put("cilium/state/nodes/v1/default/a"))))
                .contains("PERMISSION_DENIED");
        assertThat(failure(identity.commit(put("fairlead/rights/v1/node/a")))).contains("PERMISSION_DENIED");
    }

    @Test
    void theIdentityServicesWatchOverSeveralPrefixesIsAllowed() throws Exception {
        EtcdKvStore identity = as("identity");
        BlockingQueue<WatchEvent> events = new LinkedBlockingQueue<>();
        try (Watch watch = identity.watch(List.of("cilium/state/", "fairlead/policy/v1/"), events::addAll)) {
            assertThat(watch).isNotNull();
            awaitEvent(events, WatchEvent.Synced.class);
            get(identity.commit(put("fairlead/policy/v1/watched")));
            awaitEvent(events, WatchEvent.Put.class);
        }
    }

    private static void awaitEvent(BlockingQueue<WatchEvent> events, Class<? extends WatchEvent> kind)
            throws InterruptedException {
        WatchEvent event = events.poll(10, TimeUnit.SECONDS);
        while (event != null && !kind.isInstance(event)) {
            event = events.poll(10, TimeUnit.SECONDS);
        }
        assertThat(event).as(kind.getSimpleName()).isNotNull();
    }

    @Test
    void aWrongPasswordIsSaidAndNeverShown() throws Exception {
        String[] password = {"guessed-secret"};
        EtcdKvStore store = as("ipam", () -> password[0]);
        assertThat(failure(store.get("fairlead/ipam/v1/node/a")))
                .contains("authenticate as ipam", "invalid user ID or password")
                .doesNotContain("guessed");
        StoreStatus status = get(store.status());
        assertThat(status.healthy()).isFalse();
        assertThat(status.text()).contains("authenticate as ipam").doesNotContain("guessed");
        // put right in its file, without a restart
        password[0] = password("ipam");
        long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        while (store.get("fairlead/ipam/v1/node/a")
                        .toCompletionStage()
                        .toCompletableFuture()
                        .handle((entry, cause) -> cause)
                        .get(5, TimeUnit.SECONDS)
                != null) {
            assertThat(System.nanoTime()).isLessThan(limit);
        }
        assertThat(get(store.status()).healthy()).isTrue();
        assertThat(get(store.status()).text()).contains("https://127.0.0.1:" + port);
        assertThat(new EtcdSecurity.Login("ipam", () -> password("ipam")).toString())
                .doesNotContain(password("ipam"));
    }

    @Test
    void aMissingPasswordFileIsSaid() throws Exception {
        assertThat(failure(as("nobody").get("fairlead/ipam/v1/node/a"))).contains("no password of nobody");
    }

    @Test
    void withoutAUserTheCertificatesNameIsTheUser() throws Exception {
        EtcdKvStore store = store(Optional.of(tls("etcd")), Optional.empty());
        assertThat(failure(store.get("fairlead/ipam/v1/node/a"))).contains("permission denied");
    }

    @Test
    void connectionsWithoutOrWithForeignCertificatesAreRefused() throws Exception {
        SslContext none =
                GrpcSslContexts.forClient().trustManager(file("etcd", "ca.crt")).build();
        List<Future<?>> refused = new ArrayList<>();
        for (Optional<SslContext> tls :
                List.of(Optional.<SslContext>empty(), Optional.of(none), Optional.of(tls("foreign")))) {
            refused.add(store(tls, Optional.empty(), Duration.ofSeconds(2)).get("a"));
        }
        for (Future<?> each : refused) {
            assertThatThrownBy(() -> get(each)).hasCauseInstanceOf(KvException.class);
        }
    }

    @Test
    void tokensThatEtcdForgotAreRenewedForRequestsWatchesAndLeases() throws Exception {
        EtcdKvStore ipam = as("ipam");
        BlockingQueue<WatchEvent> events = new LinkedBlockingQueue<>();
        Lease lease = get(ipam.grantLease(Duration.ofSeconds(2)));
        try (Watch watch = ipam.watch("fairlead/ipam/", events::addAll)) {
            assertThat(watch).isNotNull();
            awaitEvent(events, WatchEvent.Synced.class);
            etcd.destroyForcibly().waitFor();
            Files.writeString(dir.resolve("etcd.log"), "");
            launch();
            long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
            boolean written = false;
            while (!written) {
                assertThat(System.nanoTime()).isLessThan(limit);
                written = ipam.commit(put("fairlead/ipam/v1/node/after"))
                        .toCompletionStage()
                        .toCompletableFuture()
                        .handle((result, cause) -> cause == null)
                        .get(5, TimeUnit.SECONDS);
            }
            awaitEvent(events, WatchEvent.Put.class);
        }
        // three times the time it has
        assertThatThrownBy(() ->
                        lease.lost().toCompletionStage().toCompletableFuture().get(6, TimeUnit.SECONDS))
                .isInstanceOf(java.util.concurrent.TimeoutException.class);
        get(lease.revoke());
    }
}

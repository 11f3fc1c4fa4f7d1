package io.fairlead.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.sandbox.Sandbox.Running;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;

/** Two replicas of each service and three members of etcd: whatever one of them does, pods and changes do not notice. */
@Tag("root")
@Timeout(180)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ReplicasTest {
    private static final String REACH =
            Path.of("sandbox/lib/reach.py").toAbsolutePath().toString();
    // forms of the policy that allow what is sent here, beside the flows of all forms: anything, and anything to the
    // server
    private static final int FREE = 3;
    private static final int NARROW = 4;
    private static final List<String> SERVICES = List.of("identity", "ipam", "route");
    private static final List<String> FIRST_NODES = List.of("dev1", "dev2", "dev3");

    private static Sandbox sandbox;
    private static Tables tables;

    @BeforeAll
    static void up() throws IOException {
        sandbox = new Sandbox("r" + ProcessHandle.current().pid());
        tables = new Tables(sandbox);
        sandbox.ok("up", "--replicas", "2", "--etcd", "3");
    }

    @AfterAll
    static void down() {
        sandbox.close();
    }

    @Test
    @Order(1)
    void statusTellsEachMemberAndEachAgentItsReplicas() {
        String status = sandbox.ok("status");
        for (String member : List.of("etcd-1", "etcd-2", "etcd-3", "identity-2", "ipam-2", "route-2", "dev3")) {
            assertThat(status).containsPattern("(?m)^" + member + " +running +pid ");
        }
        assertThat(sandbox.ok("fairlead", "dev1", "--", "status"))
                .containsPattern("etcd: 3/3 connected")
                .containsPattern(
                        "Control plane: +identity 192\\.168\\.2\\.1[01]:7301 \\([12] of 2\\), ipam 192\\.168\\.2"
                                + "\\.1[01]:7302 \\([12] of 2\\), route 192\\.168\\.2\\.1[01]:7303 \\([12] of 2\\)");
    }

    /** All connections stay, and nothing answers any more. */
    @Test
    @Order(2)
    void replicasThatFallSilentAreLeftWithoutASnapshot() throws Exception {
        gather(2);
        long snapshots = snapshots(1);
        List<String> silent = SERVICES.stream().map(service -> service + "-2").toList();
        for (String member : silent) {
            sandbox.ok("pause", member);
        }
        try {
            podsAreAdded("silent");
            everyStreamIsServedBy(1);
            assertThat(snapshots(1)).as("snapshots of replica 1").isEqualTo(snapshots);
            assertThat(sandbox.ok("status")).containsPattern("route-2 +paused");
        } finally {
            silent.forEach(member -> sandbox.ok("continue", member));
        }
        noDifferences(FIRST_NODES);
    }

    /** Replicas of all services and a member of etcd, perhaps the leader, with no word of goodbye. */
    @Test
    @Order(3)
    void aMachineOfTheControlPlaneThatIsCutOffIsDoneWithout() throws Exception {
        gather(2);
        sandbox.ok("cut", "ctl2");
        try {
            podsAreAdded("cut");
            everyStreamIsServedBy(1);
        } finally {
            sandbox.ok("mend", "ctl2");
        }
        // streams that were cut off end there when their keepalive is over; until then they are counted
        for (String service : List.of("identity", "route")) {
            Sandbox.await(
                    service + "-2 has noticed that nobody is left",
                    Duration.ofSeconds(40),
                    () -> metric(service, 2, "fairlead_stream_nodes") == 0);
        }
        noDifferences(FIRST_NODES);
    }

    @Test
    @Order(4)
    void aServiceThatIsStoppedSendsItsNodesAway() throws Exception {
        gather(2);
        long snapshots = snapshots(1);
        sandbox.ok("stop", "route-2");
        sandbox.ok("stop", "identity-2");
        everyStreamIsServedBy(1);
        assertThat(snapshots(1)).isEqualTo(snapshots);
        assertThat(sandbox.ok("logs", "dev1")).contains("the route distributor is stopping");
        sandbox.together("start", "route-2", "identity-2");
    }

    @Test
    @Order(5)
    void replicasThatAreKilledAreLeftAtOnce() throws Exception {
        gather(1);
        for (String service : SERVICES) {
            sandbox.ok("kill", service + "-1", "-9");
        }
        podsAreAdded("killed");
        everyStreamIsServedBy(2);
        sandbox.together(
                "start", SERVICES.stream().map(service -> service + "-1").toArray(String[]::new));
        noDifferences(FIRST_NODES);
    }

    @Test
    @Order(6)
    void aRollingRestartOfEverythingLosesNoPacketAndNoChange() throws Exception {
        UnderTraffic pods = new UnderTraffic(sandbox);
        sandbox.ok("pod", "add", "stranger", "--node", "dev3", "--label", "app=stranger");
        pods.apply(FREE);
        Running server =
                sandbox.begin("pod", "exec", "cni-server", "--", "python3", "-I", REACH, "serve", "any", "7008");
        begun(server, "listening");
        Running stream = inClient("python3", "-I", REACH, "count", sandbox.podIp("cni-server"), "7008");
        begun(stream, "counting");
        Ping ping = Ping.across(sandbox, "cni-client", sandbox.podIp("cni-server"), "0.01");
        List<String> added = new ArrayList<>();
        try (Traffic traffic = pods.start(500)) {
            for (int machine = 1; machine <= 3; machine++) {
                List<Running> restarts = restartMachine(machine);
                added.add(addPod("roll" + machine, "dev" + machine));
                if (machine == 2) {
                    sandbox.ok("node", "add", "dev4");
                }
                pods.apply(machine == 2 ? NARROW : FREE);
                ended(restarts);
            }
            for (int pair = 1; pair <= 2; pair++) {
                List<Running> restarts =
                        List.of(sandbox.begin("restart", "dev" + pair), sandbox.begin("restart", "dev" + (pair + 2)));
                added.add(addPod("agents" + pair, "dev" + (3 - pair)));
                ended(restarts);
            }
            traffic.end();
        }
        assertNothingLost(stream, ping);
        server.process().destroy();
        noDifferences(List.of("dev1", "dev2", "dev3", "dev4"));
        for (String ip : added) {
            assertThat(sandbox.ok("etcdctl", "get", "--prefix", "--keys-only", "cilium/state/ip/v1/default/"))
                    .contains("/" + ip + "\n");
        }
        pods.forget();
    }

    private static void assertNothingLost(Running stream, Ping ping) throws Exception {
        stream.process().destroy();
        String counted = stream.end(Duration.ofSeconds(10));
        System.out.print(counted);
        assertThat(stream.process().exitValue()).as(counted).isZero();
        System.out.println(ping.nothingLost());
    }

    /** What a machine of the control plane runs, all at once. */
    private static List<Running> restartMachine(int machine) {
        List<Running> restarts = new ArrayList<>();
        restarts.add(sandbox.begin("restart", "etcd-" + machine));
        if (machine <= 2) {
            SERVICES.forEach(service -> restarts.add(sandbox.begin("restart", service + "-" + machine)));
        }
        return restarts;
    }

    private static void ended(List<Running> restarts) throws Exception {
        for (Running restart : restarts) {
            String said = restart.end(Duration.ofMinutes(1));
            assertThat(restart.process().exitValue()).as(said).isZero();
        }
    }

    private static Running inClient(String... words) {
        List<String> command = new ArrayList<>(List.of("pod", "exec", "cni-client", "--"));
        command.addAll(List.of(words));
        return sandbox.begin(command.toArray(String[]::new));
    }

    private static void begun(Running running, String word) throws InterruptedException {
        Sandbox.await(word, Duration.ofSeconds(10), () -> {
            try {
                return running.soFar().contains(word);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
    }

    private static String addPod(String name, String node) {
        sandbox.ok("pod", "add", name, "--node", node, "--label", "app=" + name);
        return sandbox.podIp(name);
    }

    /** The replica of each service that a node used may be gone: the first question after that takes longest. */
    private static void podsAreAdded(String name) {
        for (String node : FIRST_NODES) {
            long began = System.nanoTime();
            addPod(name + "-" + node, node);
            long took = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
            System.out.println("pod on " + node + " with replicas " + name + ": " + took + " ms");
            sandbox.ok("pod", "delete", name + "-" + node);
        }
    }

    /** Has every node use replicas of this number, by pausing the others for a moment. */
    private static void gather(int replica) throws InterruptedException {
        List<String> others =
                SERVICES.stream().map(service -> service + "-" + (3 - replica)).toList();
        others.forEach(other -> sandbox.ok("pause", other));
        try {
            everyStreamIsServedBy(replica);
        } finally {
            others.forEach(other -> sandbox.ok("continue", other));
        }
    }

    private static void everyStreamIsServedBy(int replica) throws InterruptedException {
        for (String service : List.of("identity", "route")) {
            Sandbox.await(
                    service + "-" + replica + " serves all nodes",
                    Duration.ofSeconds(10),
                    () -> metric(service, replica, "fairlead_stream_nodes") == 3);
        }
    }

    private static long snapshots(int replica) {
        return metric("identity", replica, "fairlead_stream_snapshots_total")
                + metric("route", replica, "fairlead_stream_snapshots_total");
    }

    private static long metric(String service, int replica, String name) {
        String machine = "fl-" + sandbox.name() + "-ctl" + (replica == 1 ? "" : String.valueOf(replica));
        int port = service.equals("identity") ? 7401 : 7403;
        try {
            Process process = new ProcessBuilder(
                            "nsenter",
                            "--net=/run/netns/" + machine,
                            "curl",
                            "-s",
                            "-m",
                            "2",
                            "http://192.168.2." + (9 + replica) + ":" + port + "/metrics")
                    .start();
            String text = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            return text.lines()
                    .filter(line -> line.startsWith(name + " "))
                    .map(line -> (long) Double.parseDouble(line.substring(name.length() + 1)))
                    .findFirst()
                    .orElse(-1L);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static void noDifferences(List<String> nodes) throws InterruptedException {
        Sandbox.await("every node's tables are the store's", Duration.ofSeconds(10), () -> {
            List<String> differences = tables.differences(nodes);
            differences.forEach(System.out::println);
            return differences.isEmpty();
        });
    }
}

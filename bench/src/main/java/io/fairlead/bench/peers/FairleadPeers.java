package io.fairlead.bench.peers;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.contract.etcd.NodeRecord;
import io.fairlead.contract.etcd.StoreKeys;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.TxnResult;
import io.fairlead.kvstore.etcd.EtcdKvStore;
import io.fairlead.kvstore.etcd.EtcdOptions;
import io.fairlead.proto.route.v1.ListRoutesRequest;
import io.fairlead.proto.route.v1.RouteServiceGrpc;
import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.grpc.Channels;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * etcd and a route-distributor in the hub, an agent in each client. Routes are announced by writing node records: what a
 * node's registration does. The benchmark itself runs in the hub's namespace. The other two services work under another
 * prefix of the store, so that they are there and have nothing to do with the routes.
 */
final class FairleadPeers implements Competitor {
    private static final StoreKeys KEYS = new StoreKeys("peers/");
    private static final int PUTS_A_TXN = 100;
    private static final String STORE = "127.0.0.1:2379";

    private final Network network;
    private final Path directory;
    private final List<Process> services = new ArrayList<>();
    private final List<Process> agents = new ArrayList<>();
    private final KvStore store;
    private final ManagedChannel channel;
    private List<Txn> announcement = List.of();
    private List<Txn> withdrawal = List.of();

    FairleadPeers(Network network, Path directory) {
        this.network = network;
        this.directory = Shell.directory(directory);
        etcd();
        store = new EtcdKvStore(EtcdOptions.parse(STORE).withDeadline(Duration.ofSeconds(20)));
        service("identity-service", "--kvstore-prefix=others/");
        service("ipam-service", "--kvstore-prefix=others/", "--cluster-pool-ipv4-cidr=10.254.0.0/16");
        service("route-distributor", "--kvstore-prefix=" + KEYS.prefix());
        channel = Channels.tcp(new HostPort("172.16.0.1", 7303), Duration.ofSeconds(5));
        for (int i = 0; i < network.clients(); i++) {
            agent(i);
        }
        Shell.until("agents", Duration.ofSeconds(30 + 10L * network.clients()), this::areAgentsThere);
    }

    private void etcd() {
        String client = "http://" + STORE;
        String peer = "http://127.0.0.1:2380";
        services.add(Shell.start(
                network.hub(),
                directory.resolve("etcd.log").toFile(),
                List.of(
                        "/usr/bin/etcd",
                        "--data-dir=" + directory.resolve("etcd"),
                        "--listen-client-urls=" + client,
                        "--advertise-client-urls=" + client,
                        "--listen-peer-urls=" + peer,
                        "--initial-advertise-peer-urls=" + peer,
                        "--initial-cluster=default=" + peer,
                        "--logger=zap",
                        "--log-level=warn")));
    }

    private void service(String name, String... options) {
        String port = name.startsWith("id") ? "1" : name.startsWith("ip") ? "2" : "3";
        List<String> command = new ArrayList<>(List.of(
                Path.of("deploy/bin/fairlead-" + name).toAbsolutePath().toString(),
                "--listen-address=172.16.0.1:730" + port,
                "--health-listen-address=127.0.0.1:740" + port,
                "--kvstore-opt=etcd.address=http://" + STORE));
        command.addAll(List.of(options));
        services.add(Shell.start(network.hub(), directory.resolve(name + ".log").toFile(), command));
    }

    private void agent(int index) {
        Path own = Shell.directory(directory.resolve("c" + index));
        Path bpf = Shell.directory(own.resolve("bpf"));
        Shell.run("mount", "-t", "bpf", "bpf", bpf.toString());
        agents.add(Shell.start(
                network.clientName(index),
                own.resolve("log").toFile(),
                List.of(
                        Path.of("deploy/bin/fairlead-agent").toAbsolutePath().toString(),
                        "--node-name=c" + index,
                        "--ipv4-node=" + Network.client(index),
                        "--devices=eth0",
                        "--state-dir=" + own.resolve("run"),
                        "--bpf-root=" + bpf,
                        "--identity-service-address=172.16.0.1:7301",
                        "--ipam-service-address=172.16.0.1:7302",
                        "--route-distributor-address=172.16.0.1:7303",
                        "--native-routing-cidr=10.0.0.0/8",
                        "--auto-direct-node-routes=true",
                        "--enable-health-checking=false",
                        "--enable-endpoint-health-checking=false")));
    }

    private boolean areAgentsThere() {
        try {
            return RouteServiceGrpc.newBlockingStub(channel)
                            .listRoutes(ListRoutesRequest.getDefaultInstance())
                            .getNodesCount()
                    == network.clients();
        } catch (StatusRuntimeException e) {
            return false;
        }
    }

    @Override
    public String name() {
        return "Fairlead";
    }

    @Override
    public Network network() {
        return network;
    }

    /** The records are made before the clock starts, as a router's configuration is: etcd's and our work is measured. */
    @Override
    public void prepare(Routes next) {
        List<Op> puts = new ArrayList<>();
        List<Op> deletes = new ArrayList<>();
        for (int i = 0; i < next.count(); i++) {
            puts.add(record("r" + i, Routes.bulk(i), next.nextHop(i)));
            deletes.add(new Op.Delete(key("r" + i)));
        }
        announcement = txns(puts);
        withdrawal = txns(deletes);
    }

    @Override
    public Times announce() {
        return commit(announcement);
    }

    @Override
    public Times withdraw() {
        return commit(withdrawal);
    }

    @Override
    public Times announceSingle(int index) {
        return commit(txns(List.of(record("s" + index, Routes.single(index), Network.GATEWAY))));
    }

    @Override
    public void withdrawSingles() {
        List<Op> deletes = new ArrayList<>();
        for (int i = 0; i < SINGLES; i++) {
            deletes.add(new Op.Delete(key("s" + i)));
        }
        var unused = commit(txns(deletes));
    }

    private static String key(String node) {
        return KEYS.node(ClusterName.DEFAULT, new NodeName(node));
    }

    private static Op record(String node, Cidr cidr, Ip nextHop) {
        NodeRecord record = new NodeRecord(
                new NodeName(node),
                ClusterName.DEFAULT,
                List.of(new NodeRecord.Address(NodeRecord.Address.INTERNAL, nextHop)),
                new NodeRecord.Networks(Optional.of(cidr), Optional.empty(), Optional.empty(), Optional.empty()),
                0,
                NodeRecord.Details.NONE);
        return Op.put(key(node), record.encode());
    }

    /** As many as there are hundreds: etcd takes at most 128 operations in one. */
    private static List<Txn> txns(List<Op> ops) {
        List<Txn> txns = new ArrayList<>();
        for (int i = 0; i < ops.size(); i += PUTS_A_TXN) {
            txns.add(new Txn(List.of(), ops.subList(i, Math.min(ops.size(), i + PUTS_A_TXN)), List.of()));
        }
        return txns;
    }

    /** All at once, without waiting for one another. */
    private Times commit(List<Txn> txns) {
        long begun = System.nanoTime();
        List<Future<TxnResult>> commits = new ArrayList<>();
        txns.forEach(txn -> commits.add(store.commit(txn)));
        long durable = Future.all(commits)
                .map(done -> System.nanoTime())
                .toCompletionStage()
                .toCompletableFuture()
                .orTimeout(60, TimeUnit.SECONDS)
                .join();
        return new Times(begun, durable);
    }

    @Override
    public Map<String, Double> megabytes() {
        return Map.of(
                "middle", Shell.megabytes(services.get(3).pid()),
                "client", Shell.megabytes(agents.get(0).pid()));
    }

    @Override
    public void close() {
        channel.shutdownNow();
        store.close();
        agents.forEach(Shell::stop);
        services.forEach(Shell::stop);
        for (int i = 0; i < network.clients(); i++) {
            Shell.run("umount", directory.resolve("c" + i).resolve("bpf").toString());
        }
    }
}

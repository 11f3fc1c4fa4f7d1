package io.fairlead.bench.scale;

import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.etcd.EtcdKvStore;
import io.fairlead.kvstore.etcd.EtcdOptions;
import io.fairlead.kvstore.testing.EtcdProcess;
import io.fairlead.proto.route.v1.StreamRoutesRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * Arguments: a directory for logs, how many nodes, seconds of churn, how many single changes. Runs etcd, one
 * route-distributor and one identity-service on loopback; all of it ends with it.
 */
public final class ScaleBench {
    private static final int SHARED_CONNECTIONS = 50;
    private static final int SYNCS = 20;
    private static final int IDENTITY_SYNCS = 5;
    private static final int MANY = 100;

    private ScaleBench() {}

    /** Prints Markdown. */
    public static void main(String[] args) {
        Path directory = Path.of(args[0]);
        Content content = Content.of(Integer.parseInt(args[1]));
        int seconds = Integer.parseInt(args[2]);
        int changes = Integer.parseInt(args[3]);
        try (EtcdProcess etcd = EtcdProcess.start();
                KvStore store =
                        new EtcdKvStore(EtcdOptions.parse(etcd.endpoint()).withDeadline(Duration.ofSeconds(20)));
                Service distributor =
                        new Service(Service.Kind.ROUTES, Service.Launcher.DEPLOYED, directory, etcd.endpoint());
                Service identities =
                        new Service(Service.Kind.IDENTITIES, Service.Launcher.DEPLOYED, directory, etcd.endpoint())) {
            Report.progress("writing " + content);
            content.write(store);
            Report report = new Report(System.out);
            for (int connections : List.of(content.nodes(), SHARED_CONNECTIONS)) {
                report.table(
                        content.nodes() + " nodes on "
                                + (connections == content.nodes() ? "a connection each" : connections + " connections"),
                        "measured",
                        "aim");
                distributor.start();
                distributor.awaitReady();
                RoutePhases phases = new RoutePhases(store, distributor, content, report);
                routes(phases, distributor, connections, seconds, changes);
                distributor.stop();
                // as it was, for the next
                content.writeNodes(store);
            }
            report.table(
                    content.endpoints() + " endpoints, " + content.identities() + " identities", "measured", "aim");
            IdentityPhases phases = new IdentityPhases(identities, content, report);
            phases.start();
            phases.fullSync(IDENTITY_SYNCS);
            phases.many(MANY);
        }
    }

    private static void routes(RoutePhases phases, Service distributor, int connections, int seconds, int changes) {
        phases.fullSync(SYNCS);
        long before = distributor.liveBytes();
        try (Fleet<StreamRoutesRequest> fleet = phases.connect(connections)) {
            phases.memory(fleet, before);
            phases.churn(fleet, seconds);
            phases.singleChanges(fleet, changes);
            phases.memory(fleet, before);
            phases.restart(fleet);
        }
    }
}

package io.fairlead.soak.fault;

import io.fairlead.kvstore.testing.EtcdMember;
import io.fairlead.soak.cluster.Clocks;
import io.fairlead.soak.cluster.Network;
import io.fairlead.soak.cluster.Replica;
import io.fairlead.soak.cluster.SoakCluster;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** Makes faults of a cluster. The same seed makes the same faults. */
public final class Faults {
    private static final List<Long> JUMPS = List.of(-86_400L, -3_600L, -30L, 30L, 3_600L, 86_400L, 315_360_000L);

    private final SoakCluster cluster;
    private final Random random;

    public Faults(SoakCluster cluster, Random random) {
        this.cluster = cluster;
        this.random = random;
    }

    /** A fault of a kind that is no trial, with its victims. */
    public Fault of(FaultKind kind) {
        Network network = cluster.network();
        return switch (kind) {
            case KILL_REPLICAS -> replicas("kill -9", some(), Replica::kill9, Replica::start);
            case KILL_SERVICE -> replicas("kill -9", service(), Replica::kill9, Replica::start);
            case PAUSE_REPLICAS -> replicas("pause", some(), Replica::pause, Replica::resume);
            case PAUSE_SERVICE -> replicas("pause", service(), Replica::pause, Replica::resume);
            case CUT_REPLICAS -> replicas("cut off", some(), r -> network.down(r.name()), r -> network.up(r.name()));
            case CUT_SERVICE -> replicas("cut off", service(), r -> network.down(r.name()), r -> network.up(r.name()));
            case CLOCKS -> clocks();
            case KILL_MEMBER -> members("kill -9", 1, EtcdMember::kill9, Faults::start);
            case KILL_MAJORITY -> members("kill -9", 2, EtcdMember::kill9, Faults::start);
            case PAUSE_MEMBER -> members("pause", 1, Faults::pause, Faults::resume);
            case PAUSE_MAJORITY -> members("pause", 2, Faults::pause, Faults::resume);
            case CUT_MEMBER -> members("cut off", 1, m -> network.down(m.name()), m -> network.up(m.name()));
            case CUT_MAJORITY -> members("cut off", 2, m -> network.down(m.name()), m -> network.up(m.name()));
            case REBOOT_MEMBER -> reboot();
            case CUT_NODES -> new Fault("cut off all nodes", () -> network.down("nodes"), () -> network.up("nodes"));
            case NO_SPACE, CORRUPT ->
                throw new IllegalArgumentException("fault: " + kind + " (expected: one that is no trial)");
        };
    }

    private Fault clocks() {
        List<Replica> replicas = cluster.replicas();
        List<Long> jumps = replicas.stream()
                .map(replica -> JUMPS.get(random.nextInt(JUMPS.size())))
                .toList();
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < replicas.size(); i++) {
            texts.add(replicas.get(i).name() + String.format(" %+d s", jumps.get(i)));
        }
        return new Fault(
                "wall clocks: " + String.join(", ", texts),
                () -> {
                    for (int i = 0; i < replicas.size(); i++) {
                        replicas.get(i).clock(jumps.get(i));
                    }
                },
                () -> replicas.forEach(replica -> replica.clock(0)));
    }

    private Fault reboot() {
        EtcdMember member =
                cluster.members().get(random.nextInt(cluster.members().size()));
        long seconds = 3_600L * (1 + random.nextInt(10_000));
        return new Fault(
                "kill -9 " + member.name() + ", and again with monotonic clocks " + seconds + " s ahead",
                member::kill9,
                () -> {
                    if (!member.isAlive()) {
                        member.start(Clocks.otherBoot(seconds));
                    }
                });
    }

    // Two faults of a round may hit the same member: what one of them has done is not done again.

    private static void start(EtcdMember member) {
        if (!member.isAlive()) {
            member.start();
        }
    }

    private static void pause(EtcdMember member) {
        if (member.isAlive()) {
            member.pause();
        }
    }

    private static void resume(EtcdMember member) {
        if (member.isAlive()) {
            member.resume();
        }
    }

    private Fault replicas(String what, List<Replica> victims, Consumer<Replica> begin, Consumer<Replica> heal) {
        String names = victims.stream().map(Replica::name).collect(Collectors.joining(", "));
        return new Fault(what + " " + names, () -> victims.forEach(begin), () -> victims.forEach(heal));
    }

    private Fault members(String what, int count, Consumer<EtcdMember> begin, Consumer<EtcdMember> heal) {
        List<EtcdMember> all = new ArrayList<>(cluster.members());
        Collections.shuffle(all, random);
        List<EtcdMember> victims = all.subList(0, count);
        String names = victims.stream().map(EtcdMember::name).collect(Collectors.joining(", "));
        return new Fault(what + " " + names, () -> victims.forEach(begin), () -> victims.forEach(heal));
    }

    /** One replica of at least one service. */
    private List<Replica> some() {
        List<Replica> victims = new ArrayList<>();
        List<List<Replica>> services = services();
        Collections.shuffle(services, random);
        int count = 1 + random.nextInt(services.size());
        services.subList(0, count).forEach(replicas -> victims.add(replicas.get(random.nextInt(replicas.size()))));
        return victims;
    }

    /** All replicas of one service. */
    private List<Replica> service() {
        return services().get(random.nextInt(services().size()));
    }

    private List<List<Replica>> services() {
        return new ArrayList<>(List.of(cluster.ipam(), cluster.identity(), cluster.routes()));
    }
}

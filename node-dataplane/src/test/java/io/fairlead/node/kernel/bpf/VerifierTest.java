package io.fairlead.node.kernel.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import io.fairlead.node.kernel.bpf.DatapathConfig.Lifetimes;
import io.fairlead.node.kernel.bpf.DatapathConfig.Masquerade;
import io.fairlead.node.kernel.bpf.DatapathConfig.Options;
import io.fairlead.node.kernel.bpf.DatapathConfig.Ports;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The verifier takes every program with every configuration there can be: each constant removes other branches. */
@Tag("root")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class VerifierTest {
    private static final String NEWER = "clang-19";
    private static final boolean[] BOTH = {false, true};

    /** Room is of no interest to the verifier, and takes time. */
    private static final MapSizes SMALL = new MapSizes(Map.of(
            "ct4_tcp", 1024,
            "ct4_any", 1024,
            "ct6_tcp", 1024,
            "ct6_any", 1024,
            "nat4", 1024,
            "nat6", 1024,
            "fragments", 1024,
            "endpoints", 1024,
            "interfaces", 1024));

    @Test
    void everyCombinationOfConstantsLoads() {
        load(BpfSpec.datapath());
    }

    @Test
    void theSameWithANewerCompiler() {
        assumeThat(Compiled.isThere(NEWER))
                .as("%s is not installed: `make deps` does", NEWER)
                .isTrue();
        load(Compiled.by(NEWER, List.of()));
    }

    private static void load(BpfSpec spec) {
        Path root = Namespace.mountBpf();
        List<DatapathConfig> configurations = configurations();
        try {
            for (DatapathConfig config : configurations) {
                try (BpfObject object = BpfObject.load(spec, config, SMALL, root)) {
                    assertThat(object.programs()).containsOnlyKeys(spec.programs());
                    assertThat(object.upgrade().isEmpty()).isTrue();
                }
            }
        } finally {
            Namespace.unmount(root);
        }
    }

    /** Each boolean both ways, where a node can have it: IPv4 always, masquerade of a family only with the family. */
    private static List<DatapathConfig> configurations() {
        List<DatapathConfig> all = new ArrayList<>();
        Optional<Ip> ipv4 = Optional.of(Ip.parse("10.0.0.1"));
        for (Optional<Ip> ipv6 : List.of(Optional.<Ip>empty(), Optional.of(Ip.parse("fd00::1")))) {
            for (Options options : options(ipv6.isPresent())) {
                int ifindex = all.size() % 2 == 0 ? 1 : Integer.MAX_VALUE;
                all.add(new DatapathConfig(ipv4, ipv6, ifindex, new Mac(0x020000000001L)).with(options));
            }
        }
        return all;
    }

    private static List<Options> options(boolean ipv6) {
        List<Options> all = new ArrayList<>();
        for (boolean legacy : BOTH) {
            for (boolean debug : BOTH) {
                for (Masquerade masquerade : masquerades(ipv6)) {
                    boolean even = all.size() % 2 == 0;
                    all.add(new Options(
                            even ? 472 : 0,
                            legacy,
                            masquerade,
                            even ? new Ports(32768, 65535) : new Ports(65535, 65535),
                            debug,
                            Lifetimes.DEFAULT));
                }
            }
        }
        return all;
    }

    private static List<Masquerade> masquerades(boolean ipv6) {
        List<Masquerade> all = new ArrayList<>(List.of(Masquerade.NONE));
        for (boolean remoteNodes : BOTH) {
            all.add(new Masquerade(true, false, remoteNodes));
            if (ipv6) {
                all.add(new Masquerade(false, true, remoteNodes));
                all.add(new Masquerade(true, true, remoteNodes));
            }
        }
        return all;
    }
}

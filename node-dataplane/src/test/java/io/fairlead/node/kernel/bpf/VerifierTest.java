package io.fairlead.node.kernel.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The verifier takes every program with every configuration there can be: each constant removes other branches. */
@Tag("root")
class VerifierTest {
    private static final DatapathConfig.Options DEFAULT = DatapathConfig.Options.DEFAULT;

    @Test
    void everyCombinationOfOptionsLoads() {
        BpfSpec spec = BpfSpec.datapath();
        Path root = Namespace.mountBpf();
        try {
            for (int bits = 0; bits < 32; bits++) {
                DatapathConfig.Options options = new DatapathConfig.Options(
                        1,
                        (bits & 1) != 0,
                        new DatapathConfig.Masquerade((bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0),
                        DEFAULT.natPorts(),
                        (bits & 16) != 0,
                        DEFAULT.lifetimes());
                DatapathConfig config = new DatapathConfig(
                        Optional.of(Ip.parse("10.0.0.1")),
                        Optional.of(Ip.parse("fd00::1")),
                        1,
                        new Mac(0x020000000001L),
                        options);
                try (BpfObject object = BpfObject.load(spec, config, root)) {
                    assertThat(object.program("to_netdev").id()).isPositive();
                }
            }
        } finally {
            Namespace.unmount(root);
        }
    }

    @Test
    void everyCombinationOfConstantsLoads() {
        BpfSpec spec = BpfSpec.datapath();
        Path root = Namespace.mountBpf();
        try {
            for (Optional<Ip> ipv4 : List.of(Optional.<Ip>empty(), Optional.of(Ip.parse("10.0.0.1")))) {
                for (Optional<Ip> ipv6 : List.of(Optional.<Ip>empty(), Optional.of(Ip.parse("fd00::1")))) {
                    for (int ifindex : new int[] {1, Integer.MAX_VALUE}) {
                        DatapathConfig config = new DatapathConfig(ipv4, ipv6, ifindex, new Mac(0x020000000001L));
                        try (BpfObject object = BpfObject.load(spec, config, root)) {
                            for (String program : spec.programs()) {
                                assertThat(object.program(program).id()).isPositive();
                            }
                        }
                    }
                }
            }
        } finally {
            Namespace.unmount(root);
        }
    }
}

package io.fairlead.node.kernel.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.node.kernel.Attachment;
import io.fairlead.node.kernel.Hook;
import io.fairlead.node.kernel.Hook.Direction;
import io.fairlead.node.kernel.ffi.Bpf;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("root")
class ProgramLinksTest {
    private static final Hook IN = new Hook("lxc0.1", Direction.INGRESS);
    private static final Hook OUT = new Hook("lxc0.1", Direction.EGRESS);

    private final Path root = Namespace.mountBpf();
    private final Namespace namespace = new Namespace("l");
    private final ProgramLinks links = new ProgramLinks(root.resolve("links"));
    private BpfObject object;

    @BeforeEach
    void load() {
        object = BpfObject.load(BpfSpec.datapath(), MapTableTest.CONFIG, root);
        namespace.in("ip link add lxc0.1 type veth peer name eth0");
    }

    @AfterEach
    void remove() {
        object.close();
        namespace.close();
        Namespace.unmount(root);
    }

    @Test
    void attachesUpdatesAndDetaches() {
        Attachment in = attachment("from_container");
        Attachment out = attachment("to_container");
        assertThat(links.load()).isEmpty();
        assertThat(upsert(Map.of(IN, in, OUT, out))).isEmpty();
        assertThat(links.load()).isEqualTo(Map.of(IN, in, OUT, out));

        Attachment other = attachment("from_netdev");
        assertThat(upsert(Map.of(IN, other))).isEmpty();
        assertThat(links.load()).isEqualTo(Map.of(IN, other, OUT, out));

        assertThat(links.delete(List.of(IN, IN, new Hook("none", Direction.INGRESS))))
                .isEmpty();
        assertThat(links.load()).isEqualTo(Map.of(OUT, out));
    }

    @Test
    void linksOutliveTheObjectAndAreTakenOver() {
        Attachment in = attachment("from_container");
        upsert(Map.of(IN, in));
        object.close();
        assertThat(new ProgramLinks(root.resolve("links")).load()).isEqualTo(Map.of(IN, in));
        object = BpfObject.load(BpfSpec.datapath(), MapTableTest.CONFIG, root);
        Attachment upgraded = attachment("from_container");
        assertThat(upgraded.programId()).isNotEqualTo(in.programId());
        assertThat(upsert(Map.of(IN, upgraded))).isEmpty();
        assertThat(links.load()).isEqualTo(Map.of(IN, upgraded));
    }

    @Test
    void detachedBehindOurBackShowsAndIsRepaired() {
        Attachment in = attachment("from_container");
        upsert(Map.of(IN, in));
        Path pin = root.resolve("links").resolve(ProgramLinks.pinName(IN));
        int fd = Bpf.LIB.bpf_obj_get(pin.toString());
        assertThat(Bpf.LIB.bpf_link_detach(fd)).isZero();
        Bpf.close(fd);
        assertThat(links.load()).isEqualTo(Map.of(IN, new Attachment(0, in.programId())));
        assertThat(upsert(Map.of(IN, in))).isEmpty();
        assertThat(links.load()).isEqualTo(Map.of(IN, in));
    }

    @Test
    void deadDeviceShowsAndItsSuccessorIsAttached() {
        Attachment in = attachment("from_container");
        upsert(Map.of(IN, in));
        namespace.in("ip link del lxc0.1");
        assertThat(links.load()).isEqualTo(Map.of(IN, new Attachment(0, in.programId())));
        namespace.in("ip link add lxc0.1 type veth peer name eth0");
        Attachment next = attachment("from_container");
        assertThat(next.ifindex()).isNotEqualTo(in.ifindex());
        assertThat(upsert(Map.of(IN, next))).isEmpty();
        assertThat(links.load()).isEqualTo(Map.of(IN, next));
        namespace.in("ip link del lxc0.1");
        assertThat(links.delete(List.of(IN))).isEmpty();
        assertThat(links.load()).isEmpty();
    }

    @Test
    void failuresNameTheHookAndLeaveNothing() {
        assertThat(upsert(Map.of(
                        IN, new Attachment(99_999, attachment("from_container").programId()))))
                .hasEntrySatisfying(IN, e -> assertThat(e).hasMessageContaining("attach lxc0.1 ingress: ENODEV"));
        assertThat(upsert(Map.of(IN, new Attachment(1, Integer.MAX_VALUE))))
                .hasEntrySatisfying(IN, e -> assertThat(e).hasMessageContaining("ENOENT"));
        assertThat(upsert(Map.of(IN, new Attachment(0, 1))))
                .hasEntrySatisfying(IN, e -> assertThat(e).hasMessageContaining("ifindex 0"));
        assertThat(links.load()).isEmpty();
    }

    @Test
    void pinNamesAreDifferentForDifferentHooksAndReadBack() {
        for (String device : List.of("eth0", "eth0.100", "a-ingress", "a%b", "a+b", "ü", "lxc_1")) {
            for (Direction direction : Direction.values()) {
                Hook hook = new Hook(device, direction);
                assertThat(ProgramLinks.pinName(hook)).doesNotContain(".");
                assertThat(ProgramLinks.hook(ProgramLinks.pinName(hook))).contains(hook);
            }
        }
        assertThat(ProgramLinks.hook("something")).isEmpty();
        assertThat(Files.isDirectory(root.resolve("links"))).isFalse();
    }

    private Map<Hook, io.fairlead.node.kernel.KernelException> upsert(Map<Hook, Attachment> entries) {
        return namespace.run(() -> links.upsert(entries));
    }

    private Attachment attachment(String program) {
        return new Attachment(
                namespace.ifindex("lxc0.1"), object.program(program).id());
    }
}

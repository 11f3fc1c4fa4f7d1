package io.fairlead.node.kernel.bpf;

import io.fairlead.node.kernel.Attachment;
import io.fairlead.node.kernel.Hook;
import io.fairlead.node.kernel.bpf.TestRun.Input;
import io.fairlead.node.kernel.bpf.TestRun.Output;
import io.fairlead.node.kernel.ffi.Bpf;
import io.fairlead.node.kernel.ffi.Native;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The very programs that are attached on this node, run on a packet that is not sent and changes nothing. Several
 * threads may call: one packet at a time is explained. Devices are looked for in the caller's network namespace.
 */
public final class HookedPrograms {
    private final ProgramLinks links;
    private final BpfSpec spec;
    private final ExplainedMap explained; // owned by: whoever holds the lock of this object

    /**
     * @param links directory of the pinned links
     * @param explained the open map "explained"
     */
    public HookedPrograms(BpfSpec spec, Path links, BpfMap explained) {
        this.spec = spec;
        this.links = new ProgramLinks(links);
        this.explained = new ExplainedMap(spec, explained);
    }

    /**
     * What came of a run.
     *
     * @param program its name
     * @param verdict what it returned, a TC_ACT number
     * @param met what it wrote down
     */
    public record Ran(String program, int verdict, Explained met) {}

    /**
     * Runs the program at a hook.
     *
     * @param frame from the Ethernet header on
     * @return empty when nothing is attached there
     * @throws io.fairlead.node.kernel.KernelException when the kernel refuses
     */
    public synchronized Optional<Ran> run(Hook hook, byte[] frame) {
        Optional<Attachment> attached = links.find(hook).filter(attachment -> attachment.ifindex() != 0);
        if (attached.isEmpty()) {
            return Optional.empty();
        }
        int id = attached.get().programId();
        int fd = Native.call("open program " + id, () -> Bpf.LIB.bpf_prog_get_fd_by_id(id));
        try {
            String name = name(fd);
            explained.clear();
            Output output = TestRun.run(
                    new BpfObject.Program(name, fd, id),
                    new Input(frame, attached.get().ifindex(), mark(), 1));
            return Optional.of(new Ran(name, output.verdict(), explained.read(isIpv4(frame))));
        } finally {
            Bpf.close(fd);
        }
    }

    private static boolean isIpv4(byte[] frame) {
        return frame.length > 14 && (frame[14] & 0xf0) == 0x40;
    }

    private int mark() {
        return spec.number("packet_mark", "MARK_EXPLAIN");
    }

    private static String name(int fd) {
        var info = KernelTypes.running().programInfo().allocate();
        ByteBuffer length = Bpf.integer(info.buffer().capacity());
        Native.call("program info", () -> Bpf.LIB.bpf_obj_get_info_by_fd(fd, info.buffer(), length));
        String text = new String(info.getBytes("name"), StandardCharsets.US_ASCII);
        int end = text.indexOf(0);
        return end < 0 ? text : text.substring(0, end);
    }
}

package io.fairlead.node.kernel.bpf;

import io.fairlead.node.kernel.bpf.StructCodec.Value;
import io.fairlead.node.kernel.ffi.Bpf;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;

/** Runs a program on a packet without sending anything: BPF_PROG_TEST_RUN. Redirects are decided, not carried out. */
public final class TestRun {
    private static final int ROOM = 65536;

    private TestRun() {}

    /**
     * The packet and how it comes.
     *
     * @param frame from the Ethernet header on, 14 bytes at least
     * @param ifindex device it is on, in the namespace of the calling thread
     * @param mark of the packet
     * @param repeat how often it runs, for timing; the packet changes only once
     */
    @SuppressWarnings("ArrayRecordComponent") // a frame is bytes; nobody compares inputs
    public record Input(byte[] frame, int ifindex, int mark, int repeat) {
        public Input(byte[] frame, int ifindex) {
            this(frame, ifindex, 0, 1);
        }
    }

    /**
     * What came of it.
     *
     * @param verdict what the program returned, a TC_ACT number
     * @param frame the packet afterwards
     * @param mark the mark afterwards
     * @param nanos time of one run, on average
     */
    @SuppressWarnings("ArrayRecordComponent") // as Input
    public record Output(int verdict, byte[] frame, int mark, int nanos) {}

    /** @throws io.fairlead.node.kernel.KernelException when the kernel refuses the packet, as too short */
    public static Output run(BpfObject.Program program, Input input) {
        KernelTypes kernel = KernelTypes.running();
        ByteBuffer in = Bpf.buffer(input.frame.length).put(0, input.frame);
        ByteBuffer out = Bpf.buffer(ROOM);
        Value context =
                kernel.context().allocate().putInt("ifindex", input.ifindex).putInt("mark", input.mark);
        Value after = kernel.context().allocate();
        Value attributes = kernel.attributes()
                .allocate()
                .putInt("test.prog_fd", program.fd())
                .putInt("test.data_size_in", input.frame.length)
                .putInt("test.data_size_out", ROOM)
                .putLong("test.data_in", Bpf.address(in))
                .putLong("test.data_out", Bpf.address(out))
                .putInt("test.repeat", input.repeat)
                .putInt("test.ctx_size_in", kernel.context().size())
                .putInt("test.ctx_size_out", kernel.context().size())
                .putLong("test.ctx_in", Bpf.address(context.buffer()))
                .putLong("test.ctx_out", Bpf.address(after.buffer()));
        try {
            Bpf.call("test run " + program.name(), kernel.number("BPF_PROG_TEST_RUN"), attributes.buffer());
        } finally {
            // The kernel reached it by its address only.
            Reference.reachabilityFence(in);
        }
        byte[] frame = new byte[attributes.getInt("test.data_size_out")];
        out.get(0, frame);
        return new Output(
                attributes.getInt("test.retval"), frame, after.getInt("mark"), attributes.getInt("test.duration"));
    }
}

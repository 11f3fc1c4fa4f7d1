package io.fairlead.cli;

import com.google.protobuf.ByteString;
import io.fairlead.proto.agent.v1.AgentEvent;
import io.fairlead.proto.agent.v1.LostEvents;
import io.fairlead.proto.agent.v1.MonitorEvent;
import io.fairlead.proto.agent.v1.MonitorResponse;
import io.fairlead.proto.agent.v1.MonitorStart;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;

/** MonitorMessages of an agent, those of the walk-through among them. */
final class MonitorMessages {
    /** The echo request of the walk-through, with its 56 bytes of data. */
    static final String REQUEST = "1eeab6697423c6dc8106fccb0800"
            + "45000054 4561 4000 3f01 dfe1 0af40066 0af40019"
            + "0800 2e0c 3100 0000" + "00".repeat(56);
    /** The reply of the other node. */
    static final String REPLY = "1e42498a4ebbd2eb8da6d4e70800"
            + "45000054 f766 0000 3e01 6c64 0af40291 0af40066"
            + "0000 00aa 5600 0000" + "00".repeat(56);

    static final MonitorResponse START = MonitorResponse.newBuilder()
            .setStart(MonitorStart.newBuilder().setCpus(128).setPages(64).setPageSize(4096))
            .build();

    private MonitorMessages() {}

    static ByteString bytes(String hex) {
        return ByteString.copyFrom(HexFormat.of().parseHex(hex.replace(" ", "")));
    }

    static MonitorEvent.Builder event(int type, int subtype, int source) {
        return MonitorEvent.newBuilder()
                .setType(type)
                .setSubtype(subtype)
                .setCpu(3)
                .setSource(source);
    }

    static MonitorResponse response(MonitorEvent.Builder event) {
        return MonitorResponse.newBuilder().setDatapath(event).build();
    }

    static MonitorResponse debug(int source, int message, int... arguments) {
        MonitorEvent.Builder event = event(2, message, source);
        for (int i = 0; i < 3; i++) {
            event.addArguments(i < arguments.length ? arguments[i] : 0);
        }
        return response(event);
    }

    /** An address as a program has it: its bytes in memory, read as a number of this machine. */
    static int address(int a, int b, int c, int d) {
        byte[] bytes = {(byte) a, (byte) b, (byte) c, (byte) d};
        return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).getInt();
    }

    /** Two ports as Cilium's reversed tuple has them: that of the packet's source is in the low half. */
    static int ports(int source, int destination) {
        return raw(destination) << 16 | raw(source);
    }

    private static int raw(int port) {
        byte[] bytes = {(byte) (port >> 8), (byte) port};
        return Short.toUnsignedInt(
                ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).getShort());
    }

    static MonitorEvent.Builder delivered() {
        return event(4, 0, 149)
                .setLength(98)
                .setSrcIdentity(22099)
                .setDstIdentity(11575)
                .setDstEndpoint(149)
                .setIfindex(12)
                .setInterfaceName("lxc1ddf0c103b7b")
                .setState(0)
                .setOriginalIp("10.244.0.102")
                .setPayload(bytes(REQUEST));
    }

    static MonitorEvent.Builder reply() {
        return event(4, 0, 2073)
                .setLength(98)
                .setSrcIdentity(17840)
                .setDstIdentity(22099)
                .setDstEndpoint(2073)
                .setIfindex(11)
                .setInterfaceName("lxc89c8c94364d6")
                .setState(2)
                .setOriginalIp("10.244.2.145")
                .setPayload(bytes(REPLY));
    }

    static MonitorEvent.Builder drop() {
        return event(1, 133, 149)
                .setMark(0x1b)
                .setLength(98)
                .setSrcIdentity(2)
                .setDstIdentity(11575)
                .setDstEndpoint(149)
                .setPayload(bytes(REQUEST));
    }

    static MonitorEvent.Builder verdict() {
        return event(5, 0, 149)
                .setLength(98)
                .setSrcIdentity(6)
                .setDstIdentity(11575)
                .setDirection(1)
                .setVerdict(-133)
                .setProtocol(1)
                .setMatch(2)
                .setRule("NetworkPolicy default/x")
                .setPayload(bytes(REQUEST));
    }

    static MonitorResponse agent(String type, String json) {
        return MonitorResponse.newBuilder()
                .setAgent(AgentEvent.newBuilder().setType(type).setText(json))
                .build();
    }

    static MonitorResponse lost(int cpu, long count) {
        return MonitorResponse.newBuilder()
                .setLost(LostEvents.newBuilder().setCpu(cpu).setCount(count))
                .build();
    }
}

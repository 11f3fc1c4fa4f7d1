package io.fairlead.node.cni;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.node.endpoint.FakeNode;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Frames that are none: each is answered or closed, and the server lives. */
class CniServerFuzzTest {
    private static final int FRAMES = 1500;

    @TempDir
    private Path directory;

    private final FakeNode node = new FakeNode();

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {21, 22, 23})
    void brokenFramesNeverStopTheServer(long seed) throws Exception {
        Random random = new Random(seed);
        try (CniAgent agent = new CniAgent(directory, node)) {
            for (int i = 0; i < FRAMES; i++) {
                send(broken(random));
            }
            byte[] answer = send(frame("CNI_COMMAND=VERSION\0", "{\"cniVersion\":\"1.0.0\"}"));
            assertThat(new String(answer, StandardCharsets.UTF_8)).contains("supportedVersions");
            assertThat(agent.endpoints.endpoints().size())
                    .isEqualTo(node.devices().size());
        }
    }

    @Test
    void aClientThatSendsNothingIsClosedAndOthersAreServed() throws Exception {
        try (CniAgent agent = new CniAgent(directory, node);
                SocketChannel silent = open();
                SocketChannel half = open()) {
            half.write(ByteBuffer.wrap(new byte[] {'F', 'L'}));
            assertThat(send(frame("CNI_COMMAND=VERSION\0", "{}"))).isNotEmpty();
            assertThat(silent.read(ByteBuffer.allocate(1))).isEqualTo(-1);
            assertThat(half.read(ByteBuffer.allocate(1))).isEqualTo(-1);
            assertThat(agent.endpoints.endpoints()).isEmpty();
        }
    }

    private SocketChannel open() throws IOException {
        return SocketChannel.open(UnixDomainSocketAddress.of(directory.resolve(CniAgent.SOCKET)));
    }

    private byte[] send(byte[] bytes) throws IOException {
        try (SocketChannel channel = open()) {
            try {
                ByteBuffer rest = ByteBuffer.wrap(bytes);
                while (rest.hasRemaining()) {
                    channel.write(rest);
                }
                channel.shutdownOutput();
                return Channels.newInputStream(channel).readAllBytes();
            } catch (IOException e) {
                // closed in the middle of it
                return new byte[0];
            }
        }
    }

    private static byte[] frame(String environment, String stdin) throws IOException {
        byte[] variables = environment.getBytes(StandardCharsets.ISO_8859_1);
        byte[] text = stdin.getBytes(StandardCharsets.ISO_8859_1);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeInt(CniFrames.REQUEST_MAGIC);
            out.writeInt(CniFrames.VERSION << 16);
            out.writeInt(variables.length);
            out.writeInt(text.length);
            out.write(variables);
            out.write(text);
        }
        return bytes.toByteArray();
    }

    /** A good frame with some bytes changed, cut off, or replaced by noise. */
    private static byte[] broken(Random random) throws IOException {
        String[] commands = {"ADD", "DEL", "CHECK", "GC", "STATUS", "VERSION", "x"};
        byte[] bytes = frame(
                "CNI_COMMAND=" + commands[random.nextInt(commands.length)]
                        + "\0CNI_CONTAINERID=c1\0CNI_NETNS=/n\0CNI_IFNAME=e\0CNI_ARGS=IgnoreUnknown=1\0",
                "{\"cniVersion\":\"1.1.0\",\"name\":\"n\",\"args\":{\"cni\":{\"labels\":[]}},\"runtimeConfig\":{}}");
        int changes = random.nextInt(6);
        for (int i = 0; i < changes; i++) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        switch (random.nextInt(4)) {
            case 0 -> bytes = java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length));
            case 1 -> bytes = java.util.Arrays.copyOf(bytes, bytes.length + random.nextInt(64));
            case 2 -> {
                if (random.nextInt(4) == 0) {
                    random.nextBytes(bytes);
                }
            }
            default -> {
                // as it is
            }
        }
        return bytes;
    }
}

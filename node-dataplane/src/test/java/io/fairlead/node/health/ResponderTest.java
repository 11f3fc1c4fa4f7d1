package io.fairlead.node.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Ip;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResponderTest {
    private static final Ip LOOPBACK = Ip.parse("127.0.0.1");
    private Responder responder;
    private ServerSocketChannel listening;
    private InetSocketAddress address;

    @BeforeEach
    void start() throws IOException {
        responder = new Responder();
        listening = Responder.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        address = (InetSocketAddress) listening.getLocalAddress();
        responder.serve(listening);
    }

    @AfterEach
    void stop() {
        responder.close();
    }

    @ParameterizedTest
    @CsvSource({
        "GET /hello HTTP/1.1, 200 OK",
        "HEAD /hello HTTP/1.0, 200 OK",
        "GET /other HTTP/1.1, 404 Not Found",
        "POST /hello HTTP/1.1, 405 Method Not Allowed",
        "nonsense, 400 Bad Request",
        "GET /hello FTP/1.1, 400 Bad Request"
    })
    void aRequestGetsItsAnswer(String line, String status) throws IOException {
        assertThat(ask(line + "\r\nHost: x\r\n\r\n")).startsWith("HTTP/1.1 " + status + "\r\n");
    }

    @Test
    void aRequestInPiecesIsAnsweredOnce() throws IOException {
        try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
            for (byte b : "GET /hello HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII)) {
                socket.getOutputStream().write(b);
                socket.getOutputStream().flush();
            }
            assertThat(read(socket)).startsWith("HTTP/1.1 200 OK").containsOnlyOnce("HTTP/1.1");
        }
    }

    @Test
    void silentCallersKeepNobodyElseWaitingAndAreCut() throws IOException {
        List<Socket> silent = new ArrayList<>();
        try {
            for (int i = 0; i < 50; i++) {
                silent.add(new Socket(address.getAddress(), address.getPort()));
            }
            assertThat(ask("GET /hello HTTP/1.1\r\n\r\n")).startsWith("HTTP/1.1 200");
            assertThat(read(silent.get(0))).isEmpty();
        } finally {
            for (Socket socket : silent) {
                socket.close();
            }
        }
    }

    @Test
    void aRequestWithoutAnEndIsCut() throws IOException {
        try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
            try {
                socket.getOutputStream().write("x".repeat(100_000).getBytes(StandardCharsets.US_ASCII));
                assertThat(read(socket)).isEmpty();
            } catch (SocketTimeoutException e) {
                throw e;
            } catch (IOException e) {
                assertThat(e).hasMessageMatching("(?i).*(reset|broken pipe).*");
            }
        }
        assertThat(ask("GET /hello HTTP/1.1\r\n\r\n")).startsWith("HTTP/1.1 200");
    }

    @Test
    void randomBytesBreakNothing() throws IOException {
        long seed = 11;
        Random random = new Random(seed);
        for (int i = 0; i < 200; i++) {
            byte[] bytes = new byte[random.nextInt(300)];
            random.nextBytes(bytes);
            try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
                socket.getOutputStream().write(bytes);
            }
        }
        assertThat(ask("GET /hello HTTP/1.1\r\n\r\n")).as("seed " + seed).startsWith("HTTP/1.1 200");
    }

    @Test
    void anAddressThatIsTakenIsNamed() {
        assertThatThrownBy(() -> Responder.listen(address))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(":" + address.getPort());
    }

    @Test
    void probesOfHttpTellWhyTheyFail() throws Exception {
        try (NetworkProbes probes = new NetworkProbes(address.getPort(), new Random(1))) {
            assertThat(get(probes)).isPositive();
            responder.close();
            assertThatThrownBy(() -> get(probes)).hasMessageContaining("Connection refused");
        }
        // a full queue never answers
        try (ServerSocketChannel deaf = Responder.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                NetworkProbes probes =
                        new NetworkProbes(((InetSocketAddress) deaf.getLocalAddress()).getPort(), new Random(1))) {
            assertThatThrownBy(() -> probes.probe(Probes.Kind.HTTP, LOOPBACK, Duration.ofMillis(100))
                            .get(20, TimeUnit.SECONDS))
                    .hasMessageContaining("Connection timed out");
        }
    }

    private static Duration get(NetworkProbes probes) throws Exception {
        return probes.probe(Probes.Kind.HTTP, LOOPBACK, Duration.ofSeconds(5)).get(20, TimeUnit.SECONDS);
    }

    private String ask(String request) throws IOException {
        try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return read(socket);
        }
    }

    private static String read(Socket socket) throws IOException {
        socket.setSoTimeout(20_000);
        InputStream in = socket.getInputStream();
        return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
    }
}

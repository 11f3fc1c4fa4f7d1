package io.fairlead.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.cli.client.FakeIpam;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NodeReleaseTest {
    @Test
    void releasingTwiceSaysWhichOneDidIt() throws IOException {
        try (FakeIpam ipam = new FakeIpam("dev1", "dev3")) {
            assertThat(release("dev3", ipam.address())).isEqualTo(new CommandRun(0, "dev3: released\n", ""));
            assertThat(release("dev3", ipam.address()))
                    .isEqualTo(new CommandRun(0, "dev3: not known, nothing to release\n", ""));
            assertThat(release("dev1", ipam.address(), "-o", "json").out())
                    .containsSubsequence("\"node\" : \"dev1\"", "\"released\" : true");
        }
    }

    @Test
    void aServiceThatIsNotThereIsOneLine() throws IOException {
        String address;
        try (FakeIpam ipam = new FakeIpam()) {
            address = ipam.address();
        }
        CommandRun run = release("dev3", address, "--timeout", "2s");
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err().lines()).hasSize(1);
        assertThat(run.err()).contains("the ipam-service at " + address, "Is the ipam-service running?");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "host", "host:", ":1", "host:0", "host:65536", "host:x", "::1:80", "a b:80", "[::1]"})
    void anAddressThatIsNoneIsNamedWithWhatIsExpected(String address) {
        CommandRun run = release("dev3", address);
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err())
                .startsWith("fairlead: --ipam-service-address: " + address + " (expected: host:port or [address]:port");
    }

    @Test
    void aNameThatIsNoneAndAMissingNameAreRefused() {
        assertThat(release("../dev3", "127.0.0.1:1").code()).isEqualTo(2);
        assertThat(CommandRun.of(Map.of(), "node", "release", "--ipam-service-address=127.0.0.1:1")
                        .code())
                .isEqualTo(2);
        CommandRun nowhere = CommandRun.of(Map.of(), "node", "release", "dev3");
        assertThat(nowhere.code()).isEqualTo(2);
        assertThat(nowhere.err()).contains("--ipam-service-address", "FAIRLEAD_IPAM_SERVICE_ADDRESS");
    }

    @Test
    void theServiceIsFoundInTheEnvironmentToo() throws IOException {
        try (FakeIpam ipam = new FakeIpam("dev3")) {
            CommandRun run =
                    CommandRun.of(Map.of("FAIRLEAD_IPAM_SERVICE_ADDRESS", ipam.address()), "node", "release", "dev3");
            assertThat(run).isEqualTo(new CommandRun(0, "dev3: released\n", ""));
        }
    }

    private static CommandRun release(String node, String address, String... more) {
        String[] args = new String[more.length + 4];
        args[0] = "node";
        args[1] = "release";
        args[2] = node;
        args[3] = "--ipam-service-address=" + address;
        System.arraycopy(more, 0, args, 4, more.length);
        return CommandRun.of(Map.of(), args);
    }
}

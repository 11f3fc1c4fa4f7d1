package io.fairlead.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.cli.client.FakePools;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;

class IpamCommandsTest {
    @Test
    void poolsAreShownAsTableAndAsJson() throws IOException {
        try (FakePools ipam = new FakePools()) {
            CommandRun table = run(ipam, "ipam", "pools");
            assertThat(table.err()).isEmpty();
            assertThat(table.out().lines())
                    .containsExactly(
                            "Pool      Family   CIDRs                       Mask Size   Blocks   Taken   Withheld",
                            "default   IPv4     10.244.0.0/16,10.8.0.0/16   24          512      3       1");
            assertThat(run(ipam, "ipam", "pools", "-o", "json").out())
                    .contains("\"ip-version\" : 4", "\"mask-size\" : 24", "\"blocks\" : 512", "\"withheld\" : 1");
        }
    }

    @Test
    void aPoolIsAddedToWithWhatWasGiven() throws IOException {
        try (FakePools ipam = new FakePools()) {
            CommandRun run = run(ipam, "ipam", "pools", "add", "blue", "10.9.0.0/16", "fd00::/64", "--mask-size", "26");
            assertThat(run.code()).isZero();
            assertThat(run.out()).contains("blue", "10.9.0.0/16,fd00::/64", "26");
            assertThat(run(ipam, "ipam", "pools", "add", "blue", "10.9.0.0/99").err())
                    .startsWith("fairlead: CIDR: prefix length: 99");
            assertThat(run(ipam, "ipam", "pools", "add", "blue", "10.9.0.0/16", "--mask-size", "0")
                            .err())
                    .startsWith("fairlead: --mask-size: 0 (expected: 1 to 126)");
            assertThat(run(ipam, "ipam", "pools", "add", "blue").code()).isEqualTo(2);
            CommandRun refused = run(ipam, "ipam", "pools", "add", "taken", "10.9.0.0/16");
            assertThat(refused.code()).isEqualTo(1);
            assertThat(refused.err()).contains("requested CIDR 10.9.0.0/16 colides with 10.0.0.0/8");
        }
    }

    @Test
    void withheldBlocksNameWhoIsWaitedFor() throws IOException {
        try (FakePools ipam = new FakePools()) {
            assertThat(run(ipam, "ipam", "withheld").out().lines())
                    .containsExactly(
                            "CIDR            Node   Revision   Waiting For",
                            "10.244.3.0/24   dev3   812        n0,n1,n2,n3,n4 and 2 more");
            assertThat(run(ipam, "ipam", "withheld", "-o", "json").out()).contains("\"n6\"", "\"revision\" : 812");
            ipam.nothingWithheld();
            assertThat(run(ipam, "ipam", "withheld").out()).isEqualTo("No pod CIDR is withheld.\n");
        }
    }

    private static CommandRun run(FakePools ipam, String... args) {
        return CommandRun.of(Map.of("FAIRLEAD_IPAM_SERVICE_ADDRESS", ipam.address()), args);
    }
}

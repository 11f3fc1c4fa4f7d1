package io.fairlead.node.datapath;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Cidr;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MasqAgentFileTest {
    private static final Cidr LINK_LOCAL = Cidr.parse("169.254.0.0/16");
    private static final Cidr LINK_LOCAL_IPV6 = Cidr.parse("fe80::/10");

    @TempDir
    Path directory;

    @Test
    void withoutAFileOrWithAnEmptyOneTheDefaultsAreInForce() throws IOException {
        MasqAgentFile file = new MasqAgentFile(directory.resolve("ip-masq-agent"));
        assertThat(file.read())
                .hasSize(13)
                .contains(Cidr.parse("10.0.0.0/8"), Cidr.parse("240.0.0.0/4"), LINK_LOCAL, LINK_LOCAL_IPV6);
        assertThat(file.problem()).isEmpty();
        Files.writeString(directory.resolve("ip-masq-agent"), "");
        assertThat(file.read()).hasSize(13);
        assertThat(file.problem()).isEmpty();
    }

    @Test
    void yamlAndJsonAreRead() throws IOException {
        assertThat(MasqAgentFile.parse("""
                nonMasqueradeCIDRs:
                - 10.0.0.0/8
                - fd00::/8
                masqLinkLocal: true
                masqLinkLocalIPv6: true
                """))
                .containsExactlyInAnyOrder(Cidr.parse("10.0.0.0/8"), Cidr.parse("fd00::/8"));
        assertThat(MasqAgentFile.parse("{\"nonMasqueradeCIDRs\": [\"1.2.3.0/24\"], \"masqLinkLocal\": false}"))
                .containsExactlyInAnyOrder(Cidr.parse("1.2.3.0/24"), LINK_LOCAL, LINK_LOCAL_IPV6);
        assertThat(MasqAgentFile.parse("masqLinkLocal: true")).containsExactly(LINK_LOCAL_IPV6);
        assertThat(MasqAgentFile.parse("# nothing\n")).hasSize(13);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nonMasqueradeCIDRs: [10.0.0.0/33]",
                "nonMasqueradeCIDRs: [10.0.0.1/8]",
                "nonMasqueradeCIDRs: [7]",
                "nonMasqueradeCIDRs: 10.0.0.0/8",
                "masqLinkLocal: perhaps",
                "masqLinkLocalIPv6: 1",
                "- 10.0.0.0/8",
                "nonMasqueradeCIDRs: [",
                "just words",
                "\u0000\u0001"
            })
    void aBrokenFileKeepsTheLastGoodOneAndIsSaid(String broken) throws IOException {
        Path path = directory.resolve("ip-masq-agent");
        MasqAgentFile file = new MasqAgentFile(path);
        Files.writeString(path, "nonMasqueradeCIDRs: [1.2.3.0/24]\nmasqLinkLocal: true\nmasqLinkLocalIPv6: true\n");
        assertThat(file.read()).containsExactly(Cidr.parse("1.2.3.0/24"));
        Files.writeString(path, broken);
        for (int i = 0; i < 2; i++) {
            assertThat(file.read()).containsExactly(Cidr.parse("1.2.3.0/24"));
            assertThat(file.problem()).hasValueSatisfying(p -> assertThat(p).contains("ip-masq-agent file " + path));
        }
        Files.writeString(path, "nonMasqueradeCIDRs: [5.6.7.0/24]");
        assertThat(file.read()).contains(Cidr.parse("5.6.7.0/24"));
        assertThat(file.problem()).isEmpty();
    }

    @Test
    void anUnreadableFileIsSaid() throws IOException {
        Path path = Files.createDirectory(directory.resolve("ip-masq-agent"));
        MasqAgentFile file = new MasqAgentFile(path);
        assertThat(file.read()).hasSize(13);
        assertThat(file.problem()).isPresent();
        Files.delete(path);
        Files.write(path, new byte[(1 << 20) + 1]);
        file.read();
        assertThat(file.problem()).hasValueSatisfying(p -> assertThat(p).contains("1048577 bytes (expected: 1048576"));
    }

    @Test
    void errorsNameWhatIsWrong() {
        assertThatThrownBy(() -> MasqAgentFile.parse("nonMasqueradeCIDRs: [10.0.0.1/8]"))
                .hasMessageContaining("10.0.0.1/8 (expected: 10.0.0.0/8");
        assertThatThrownBy(() -> MasqAgentFile.parse("masqLinkLocal: 5"))
                .hasMessage("masqLinkLocal: 5 (expected: true or false)");
    }

    @Test
    void aFileSwappedByALinkAsKubernetesDoesIsNoticed() throws Exception {
        Path first = Files.createDirectory(directory.resolve("..1"));
        Path second = Files.createDirectory(directory.resolve("..2"));
        Files.writeString(first.resolve("ip-masq-agent"), "nonMasqueradeCIDRs: [1.0.0.0/8]");
        Files.writeString(second.resolve("ip-masq-agent"), "nonMasqueradeCIDRs: [2.0.0.0/8]");
        Path data = Files.createSymbolicLink(directory.resolve("..data"), Path.of("..1"));
        Path path = Files.createSymbolicLink(directory.resolve("ip-masq-agent"), Path.of("..data/ip-masq-agent"));
        MasqAgentFile file = new MasqAgentFile(path);
        assertThat(file.read()).contains(Cidr.parse("1.0.0.0/8"));
        CountDownLatch changed = new CountDownLatch(1);
        try (FileWatch watch = FileWatch.start(path, changed::countDown)) {
            assertThat(watch).isNotNull();
            Path next = Files.createSymbolicLink(directory.resolve("..data_tmp"), Path.of("..2"));
            Files.move(next, data, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            assertThat(changed.await(10, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(file.read()).contains(Cidr.parse("2.0.0.0/8")).doesNotContain(Cidr.parse("1.0.0.0/8"));
    }
}

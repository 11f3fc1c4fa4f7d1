package io.fairlead.runtime.grpc.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.runtime.config.ConfigException;
import io.fairlead.runtime.config.ConfigKeys;
import io.fairlead.runtime.config.StoreKeys;
import io.fairlead.runtime.config.Values;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TlsKeysTest {
    @TempDir
    private Path dir;

    private static List<String> mistakes(String... arguments) {
        ConfigKeys keys = new ConfigKeys("test", "reads keys");
        keys.add("debug", Values.BOOLEAN, "false", "log more");
        var unusedTls = new TlsKeys(keys);
        var unusedStore = new StoreKeys(keys);
        ConfigException refused = catchThrowableOfType(ConfigException.class, () -> keys.read(arguments, Map.of()));
        return refused == null ? List.of() : refused.mistakes();
    }

    private static String all(PemFiles files, int which) {
        return switch (which) {
            case 0 -> "--tls-cert-file=" + files.cert();
            case 1 -> "--tls-key-file=" + files.key();
            default -> "--tls-ca-file=" + files.ca();
        };
    }

    @Test
    void filesThatFitAreNoMistake() {
        PemFiles dev1 = new Certificates(dir.resolve("ca"), "fairlead").node("dev1");
        assertThat(mistakes(all(dev1, 0), all(dev1, 1), all(dev1, 2))).isEmpty();
        assertThat(mistakes()).isEmpty();
    }

    @Test
    void everythingThatIsWrongIsSaidAtOnceWithAllOtherMistakes() throws IOException {
        Path junk = Files.writeString(dir.resolve("junk.pem"), "junk");
        List<String> said = mistakes(
                "--debug=perhaps",
                "--tls-cert-file=" + dir.resolve("absent.pem"),
                "--tls-key-file=" + junk,
                "--kvstore-opt=etcd.address=http://127.0.0.1:1,etcd.username=root,etcd.password-file="
                        + dir.resolve("none"));
        assertThat(said).hasSize(5);
        assertThat(said.get(0)).startsWith("debug: \"perhaps\"");
        assertThat(said)
                .anyMatch(line -> line.startsWith("tls-ca-file: missing (expected: all of "))
                .anyMatch(line -> line.startsWith("tls-cert-file: " + dir.resolve("absent.pem") + ": cannot be read"))
                .anyMatch(line -> line.startsWith("tls-key-file: " + junk + ": is not PEM"))
                .anyMatch(line -> line.startsWith("kvstore-opt: etcd.password-file " + dir.resolve("none")));
    }

    @Test
    void aKeyOfAnotherCertificateAndAnAuthorityWithoutOneAreSaidTogether() {
        Certificates ca = new Certificates(dir.resolve("ca"), "fairlead");
        PemFiles dev1 = ca.node("dev1");
        PemFiles other = ca.node("other");
        List<String> said = mistakes(all(dev1, 0), all(other, 1), "--tls-ca-file=" + dev1.key());
        assertThat(said)
                .containsExactly(
                        "tls-key-file: " + other.key()
                                + ": does not match the certificate (expected: the private key of tls-cert-file)",
                        "tls-ca-file: " + dev1.key()
                                + ": holds no certificate (expected: PEM with -----BEGIN CERTIFICATE-----)");
    }
}

package io.fairlead.runtime.grpc.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TlsTest {
    @TempDir
    private static Path dir;

    private static Certificates ca;
    private static PemFiles dev1;

    @BeforeAll
    static void makeCertificates() {
        ca = new Certificates(dir.resolve("ca"), "fairlead");
        dev1 = ca.node("dev1");
    }

    private static void refused(PemFiles files, Path file, String what) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Tls("test", files, InstantSource.system()))
                .withMessageStartingWith(file + ": " + what)
                .withMessageContaining("(expected: ");
    }

    @Test
    void aFileThatIsWrongIsNamedWithWhatIsWrongWithIt() throws IOException {
        Path missing = dir.resolve("missing.pem");
        Path empty = Files.writeString(dir.resolve("empty.pem"), "");
        Path junk = Files.writeString(
                dir.resolve("junk.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        Path half = Files.writeString(
                dir.resolve("half.pem"), Files.readString(dev1.cert()).substring(0, 200));
        refused(new PemFiles(missing, dev1.key(), dev1.ca()), missing, "cannot be read");
        refused(new PemFiles(empty, dev1.key(), dev1.ca()), empty, "is not PEM");
        refused(new PemFiles(half, dev1.key(), dev1.ca()), half, "is not PEM");
        refused(new PemFiles(junk, dev1.key(), dev1.ca()), junk, "certificate 1 cannot be read");
        refused(new PemFiles(dev1.key(), dev1.key(), dev1.ca()), dev1.key(), "holds no certificate");
        refused(new PemFiles(dev1.cert(), dev1.cert(), dev1.ca()), dev1.cert(), "holds no private key");
        refused(new PemFiles(dev1.cert(), missing, dev1.ca()), missing, "cannot be read");
        refused(new PemFiles(dev1.cert(), dev1.key(), missing), missing, "cannot be read");
        refused(new PemFiles(dev1.cert(), dev1.key(), empty), empty, "is not PEM");
        Path other = ca.node("other").key();
        refused(new PemFiles(dev1.cert(), other, dev1.ca()), other, "does not match the certificate");
        PemFiles expired = ca.expired("node:late", "late");
        refused(expired, expired.cert(), "expired on ");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Tls("test", dev1, InstantSource.fixed(Instant.EPOCH)))
                .withMessageContaining("is not valid before");
    }

    @Test
    void noMistakeQuotesAKey() throws IOException {
        String key = Files.readString(dev1.key());
        String secret = key.lines().skip(1).findFirst().orElseThrow().substring(10, 40);
        Path broken = Files.writeString(dir.resolve("broken.key"), key.replaceFirst("MI", "AI"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Tls("test", new PemFiles(dev1.cert(), broken, dev1.ca()), InstantSource.system()))
                .satisfies(failure -> {
                    for (Throwable each = failure; each != null; each = each.getCause()) {
                        assertThat(each.toString()).doesNotContain(secret);
                    }
                });
    }

    @Test
    void olderFormsOfKeysAreRead() {
        ca.run("openssl", "ec", "-in", dev1.key().toString(), "-out", "sec1.key");
        Path sec1 = dir.resolve("ca/sec1.key");
        assertThat(sec1).content().contains("BEGIN EC PRIVATE KEY");
        assertThat(new Tls("test", new PemFiles(dev1.cert(), sec1, dev1.ca()), InstantSource.system()).isValid())
                .isTrue();
        ca.run(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-batch",
                "-config",
                "/dev/null",
                "-subj",
                "/CN=node:rsa",
                "-keyout",
                "rsa8.key",
                "-out",
                "rsa.crt");
        ca.run("openssl", "rsa", "-traditional", "-in", "rsa8.key", "-out", "rsa1.key");
        Path rsa = dir.resolve("ca/rsa1.key");
        assertThat(rsa).content().contains("BEGIN RSA PRIVATE KEY");
        assertThat(new Tls("test", new PemFiles(dir.resolve("ca/rsa.crt"), rsa, dev1.ca()), InstantSource.system())
                        .text())
                .startsWith("certificate of node:rsa is valid until");
    }

    @Test
    void changedFilesAreReadOnceTheyRestAndBrokenOnesAreNotUsed() throws IOException {
        PemFiles files = ca.copy(dev1, "rotated");
        Tls tls = new Tls("test", files, InstantSource.system());
        tls.check();
        assertThat(tls.reloads()).isZero();
        Certificates.replace(files, ca.node("dev2"));
        tls.check();
        assertThat(tls.text()).as("not while they may still change").contains("node:dev1");
        tls.check();
        assertThat(tls.text()).contains("node:dev2");
        assertThat(tls.reloads()).isEqualTo(1);
        try (LogLines log = new LogLines()) {
            Files.writeString(files.cert(), "broken");
            for (int i = 0; i < 5; i++) {
                tls.check();
            }
            assertThat(log.lines())
                    .as("said once")
                    .singleElement()
                    .asString()
                    .contains("changed certificates are not used", files.cert().toString(), "is not PEM");
        }
        assertThat(tls.failures()).isEqualTo(1);
        assertThat(tls.isValid()).isTrue();
        assertThat(tls.text()).contains("node:dev2", "changed files are not used: " + files.cert());
        Certificates.replace(files, dev1);
        tls.check();
        tls.check();
        assertThat(tls.text()).contains("node:dev1").doesNotContain("not used");
        Files.delete(files.key());
        tls.check();
        tls.check();
        assertThat(tls.text()).contains("node:dev1", "changed files are not used: " + files.key());
    }

    @Test
    void itIsSaidThatACertificateExpires() {
        Instant made = Instant.now();
        assertThat(new Tls("test", dev1, InstantSource.fixed(made.plus(Duration.ofDays(360)))).text())
                .contains("expires soon");
        Instant[] now = {made};
        Tls tls = new Tls("test", dev1, () -> now[0]);
        now[0] = made.plus(Duration.ofDays(366));
        assertThat(tls.isValid()).isFalse();
        assertThat(tls.text()).contains("expired on");
    }

    @Test
    void onlyOneNameOfAKnownKindIsACaller() {
        assertThat(Caller.of(read(dev1))).contains(new Caller(Caller.Kind.NODE, "dev1"));
        assertThat(Caller.of(read(ca.admin("me")))).contains(new Caller(Caller.Kind.ADMIN, "me"));
        assertThat(Caller.of(read(ca.client("dev1")))).isEmpty();
        assertThat(Caller.of(read(ca.expired("root:dev1", "x1")))).isEmpty();
        assertThat(Caller.of(read(ca.expired("node:", "x2")))).isEmpty();
        assertThat(Caller.of(read(ca.expired("NODE:dev1", "x3")))).isEmpty();
        assertThat(Caller.of(read(ca.expired("node:dev1/CN=admin:me", "x4")))).isEmpty();
        assertThat(Caller.of(read(ca.expired("a\\/b/O=CN=admin:me", "x5")))).isEmpty();
    }

    @Test
    void aPeerIsOneOfTheHostsAndOfTheRightKind() throws CertificateException {
        X509Certificate service = read(ca.service("ipam", "ipam.example", "*.svc.example", "10.0.0.1", "fd00::1"));
        for (String host : Set.of("ipam.example", "IPAM.example", "a.svc.example", "10.0.0.1", "fd00:0::1")) {
            new Peer(Optional.of(Caller.Kind.SERVICE), Set.of("elsewhere", host)).check(service);
        }
        for (String host : Set.of("other.example", "a.b.svc.example", "svc.example", "10.0.0.2", "fd00::2", "::1")) {
            assertThatThrownBy(() -> new Peer(Optional.of(Caller.Kind.SERVICE), Set.of(host)).check(service))
                    .as(host)
                    .isInstanceOf(CertificateException.class)
                    .hasMessageContaining("(expected: subject alternative name " + host);
        }
        assertThatThrownBy(() -> new Peer(Optional.of(Caller.Kind.NODE), Set.of("10.0.0.1")).check(service))
                .hasMessageContaining("service:ipam", "(expected: CN node:…)");
    }

    private static X509Certificate read(PemFiles files) {
        return Pem.certificates(files.cert()).get(0);
    }
}

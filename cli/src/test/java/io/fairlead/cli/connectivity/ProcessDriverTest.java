package io.fairlead.cli.connectivity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Ip;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a driver is told and how its answers are read, with drivers that are small scripts. */
class ProcessDriverTest {
    @TempDir
    private Path directory;

    private Path script;
    private ProcessDriver driver;

    @BeforeEach
    void start() throws IOException {
        script = Files.createFile(
                directory.resolve("driver"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
        driver = new ProcessDriver(script.toString());
    }

    private void says(String commands) throws IOException {
        Files.writeString(script, "#!/bin/sh\necho \"$@\" >>" + directory.resolve("told") + "\n" + commands + "\n");
    }

    @Test
    void verbsAreToldInFullAndAnswersRead() throws IOException {
        says("case $1 in nodes) echo 'dev1 192.168.2.31'; echo 'dev2 192.168.2.32 fd02::32';; *) echo 10.0.0.1;; esac");
        assertThat(driver.nodes())
                .hasSize(2)
                .last()
                .satisfies(node ->
                        assertThat(node.addresses()).containsExactly(Ip.parse("192.168.2.32"), Ip.parse("fd02::32")));
        Place pod =
                driver.addPod(new Driver.PodPlan("dev1", "ns", "web", Map.of("b", "2", "a", "1"), List.of(80, 443)));
        assertThat(pod.addresses()).containsExactly(Ip.parse("10.0.0.1"));
        driver.deletePod("ns", "web");
        assertThat(driver.reach(pod, Driver.Try.TCP, Ip.parse("10.0.0.2"), 80, Duration.ofSeconds(2)))
                .isTrue();
        assertThat(driver.reach(pod, Driver.Try.ICMP_FULL, Ip.parse("10.0.0.2"), 0, Duration.ofSeconds(1)))
                .isTrue();
        assertThat(Files.readAllLines(directory.resolve("told")))
                .containsExactly(
                        "nodes",
                        "pod add dev1 ns/web --label a=1 --label b=2 --serve 80 --serve 443",
                        "pod delete ns/web",
                        "reach pod ns/web tcp 10.0.0.2 80 2",
                        "reach pod ns/web icmp-full 10.0.0.2 1");
    }

    @Test
    void noAnswerIsCodeOneAndAnyOtherCodeTheDriversOwnFailure() throws IOException {
        Place pod = new Place(Place.Kind.POD, "ns/web", "dev1", List.of(Ip.parse("10.0.0.1")), Map.of());
        says("exit 1");
        assertThat(driver.reach(pod, Driver.Try.ICMP, Ip.parse("10.0.0.2"), 0, Duration.ofSeconds(1)))
                .isFalse();
        says("echo no such pod; exit 2");
        assertThatThrownBy(() -> driver.reach(pod, Driver.Try.ICMP, Ip.parse("10.0.0.2"), 0, Duration.ofSeconds(1)))
                .isInstanceOf(DriverException.class)
                .hasMessageContaining("reach pod ns/web icmp 10.0.0.2 1: exit code 2: no such pod");
        says("exit 3");
        assertThatThrownBy(() -> driver.nodes()).hasMessageContaining("nodes: exit code 3");
        says("echo dev1");
        assertThatThrownBy(() -> driver.nodes()).hasMessageContaining("nodes: dev1 (expected: an address)");
        says("echo dev1 here");
        assertThatThrownBy(() -> driver.nodes())
                .hasMessageContaining("nodes: dev1 here (expected: addresses separated by blanks)");
    }

    @Test
    void aKeptConnectionEndsWithItsInputAndSaysWhatWentWrong() throws IOException {
        Place pod = new Place(Place.Kind.POD, "ns/web", "dev1", List.of(Ip.parse("10.0.0.1")), Map.of());
        says("cat >/dev/null; exit 0");
        assertThat(driver.hold(pod, Ip.parse("10.0.0.2"), 80).end()).isEmpty();
        says("echo it broke; exit 1");
        assertThat(driver.hold(pod, Ip.parse("10.0.0.2"), 80).end()).isEqualTo("it broke");
    }

    @Test
    void onceStoppedItOnlyDeletes() throws IOException {
        says("echo 10.0.0.1");
        driver.stop();
        assertThatThrownBy(() -> driver.addPod(new Driver.PodPlan("dev1", "ns", "web", Map.of(), List.of())))
                .hasMessage("interrupted");
        driver.deletePod("ns", "web");
        assertThat(Files.readAllLines(directory.resolve("told"))).containsExactly("pod delete ns/web");
    }

    @Test
    void aDriverThatIsNoneIsNamed() {
        assertThatThrownBy(() -> new ProcessDriver(directory.resolve("none").toString()).nodes())
                .isInstanceOf(DriverException.class)
                .hasMessageContaining("none cannot be run");
    }
}

package io.fairlead.kvstore.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("etcd")
final class EtcdProcessTest {
    private static List<Path> directories(long pid) throws IOException {
        String command = Files.readString(Path.of("/proc/" + pid + "/cmdline"));
        return Stream.of(command.split("\0"))
                .filter(argument -> argument.startsWith("--data-dir="))
                .map(argument -> Path.of(argument.substring("--data-dir=".length())))
                .toList();
    }

    @Test
    void closingEndsTheProcessAndRemovesItsData() throws IOException {
        EtcdProcess etcd = EtcdProcess.start();
        long pid = etcd.pid();
        Path data = directories(pid).get(0);
        assertThat(data).isDirectory();
        etcd.close();
        assertThat(ProcessHandle.of(pid).filter(ProcessHandle::isAlive)).isEmpty();
        assertThat(data.getParent()).doesNotExist();
        etcd.close();
    }

    @Test
    void aPausedServerCanBeKilledAndKeepsItsPortOverRestarts() {
        try (EtcdProcess etcd = EtcdProcess.start()) {
            String endpoint = etcd.endpoint();
            etcd.pause();
            etcd.kill9();
            assertThat(Health.ofEtcd(endpoint)).isFalse();
            assertThatIllegalStateException().isThrownBy(etcd::pid).withMessageContaining("killed");
            etcd.restart();
            assertThat(etcd.endpoint()).isEqualTo(endpoint);
            assertThat(Health.ofEtcd(endpoint)).isTrue();
            assertThatIllegalStateException().isThrownBy(etcd::restart).withMessageContaining("running");
        }
    }

    @Test
    void twoServersDoNotMeet() {
        try (EtcdProcess one = EtcdProcess.start();
                EtcdProcess two = EtcdProcess.start()) {
            assertThat(one.endpoint()).isNotEqualTo(two.endpoint());
        }
    }
}

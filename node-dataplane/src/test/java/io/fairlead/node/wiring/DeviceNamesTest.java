package io.fairlead.node.wiring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceNamesTest {
    @Test
    void aPlusAtTheEndMeansEveryDeviceThatBeginsSo() {
        DeviceNames names = new DeviceNames(List.of("eth+", "bond0"));
        assertThat(names.matches("eth0")).isTrue();
        assertThat(names.matches("eth")).isTrue();
        assertThat(names.matches("veth0")).isFalse();
        assertThat(names.matches("bond0")).isTrue();
        assertThat(names.matches("bond01")).isFalse();
        assertThat(new DeviceNames(List.of("+")).matches("any")).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "sixteen-letters-", "a b", "../x", ".", "..", "a:b", "tab\t", "ünïcödë-nämës"})
    void namesThatNoDeviceCanHaveAreRefused(String name) {
        assertThatThrownBy(() -> new DeviceNames(List.of(name)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("device name: \"" + name + "\" (expected:");
    }
}

package io.fairlead.node.datapath;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.EndpointId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostEndpointIdTest {
    private final Random random = new Random(1);

    @TempDir
    Path state;

    @Test
    void anIdIsChosenOnceAndKept() throws IOException {
        EndpointId id = HostEndpointId.of(state, random);
        assertThat(id.value()).isBetween(1, 4095);
        for (int i = 0; i < 5; i++) {
            assertThat(HostEndpointId.of(state, random)).isEqualTo(id);
        }
    }

    @Test
    void noPodHasIt() throws IOException {
        Path endpoints = Files.createDirectories(state.resolve("endpoints"));
        for (int id = 1; id <= 4095; id++) {
            if (id != 472) {
                Files.writeString(endpoints.resolve("lxc" + id + ".json"), "{\"id\": " + id + "}");
            }
        }
        Files.writeString(endpoints.resolve("broken.json"), "{");
        assertThat(HostEndpointId.of(state, random)).isEqualTo(new EndpointId(472));
        Files.delete(state.resolve("host-endpoint"));
        Files.writeString(endpoints.resolve("lxc472.json"), "{\"id\": 472}");
        assertThatThrownBy(() -> HostEndpointId.of(state, random)).hasMessageContaining("pods have all 4095");
    }

    @Test
    void aFileOfNonsenseIsReplaced() throws IOException {
        for (String text : new String[] {"", "0", "4096", "-1", "many", "99999999999"}) {
            Files.writeString(state.resolve("host-endpoint"), text);
            EndpointId id = HostEndpointId.of(state, random);
            assertThat(id.value()).isBetween(1, 4095);
            assertThat(Files.readString(state.resolve("host-endpoint")).strip()).isEqualTo("" + id);
        }
    }
}

package io.fairlead.node.feed;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AssemblyTest {
    private final Assembly<String, Integer> assembly = new Assembly<>();

    @Test
    void halfASnapshotChangesNothing() {
        assembly.apply(true, true, Map.of("a", 1), List.of());

        assertThat(assembly.apply(true, false, Map.of("b", 2), List.of())).isFalse();
        assertThat(assembly.content()).containsOnlyKeys("a");
        assertThat(assembly.apply(true, true, Map.of("c", 3), List.of())).isTrue();
        assertThat(assembly.content()).containsOnlyKeys("b", "c");
    }

    @Test
    void aSnapshotCutOffIsForgotten() {
        assembly.apply(true, false, Map.of("old", 1), List.of());
        assembly.restart();
        assembly.apply(true, true, Map.of("new", 2), List.of());

        assertThat(assembly.content()).containsOnlyKeys("new");
    }

    @Test
    void halfADifferenceChangesNothing() {
        assembly.apply(true, true, Map.of("a", 1, "b", 2), List.of());

        assertThat(assembly.apply(false, false, Map.of("c", 3), List.of("a"))).isFalse();
        assertThat(assembly.content()).containsOnlyKeys("a", "b");
        assertThat(assembly.apply(false, true, Map.of("d", 4), List.of())).isTrue();
        assertThat(assembly.content()).containsOnlyKeys("b", "c", "d");
    }

    @Test
    void differencesAddReplaceAndRemove() {
        assembly.apply(true, true, Map.of("a", 1, "b", 2), List.of());
        assembly.apply(false, true, Map.of("b", 3, "c", 4), List.of("a", "never there"));

        assertThat(assembly.content()).isEqualTo(Map.of("b", 3, "c", 4));
    }
}

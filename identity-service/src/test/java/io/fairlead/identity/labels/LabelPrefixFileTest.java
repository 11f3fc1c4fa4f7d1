package io.fairlead.identity.labels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Labels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Cilium's file of label prefixes. */
class LabelPrefixFileTest {
    @TempDir
    Path folder;

    private static List<String> kept(String prefixes, String own, String... labels) {
        LabelPrefixFile file = LabelPrefixFile.parse("{\"version\":1,\"valid-prefixes\":[" + prefixes + "]}");
        return LabelFilter.of(Optional.of(file), own)
                .apply(Labels.parse(List.of(labels)))
                .texts();
    }

    private static String prefix(String source, String prefix, boolean invert) {
        return "{\"prefix\":\"" + prefix + "\",\"source\":\"" + source + "\",\"invert\":" + invert + "}";
    }

    @Test
    void aFileTakesThePlaceOfTheDefaults() {
        assertThat(kept(
                        prefix("k8s", "app", false),
                        "",
                        "k8s:app=web",
                        "k8s:app.kubernetes.io/name=x",
                        "k8s:io.kubernetes.pod.namespace=d",
                        "any:app=web"))
                .containsExactly("k8s:app=web", "k8s:app.kubernetes.io/name=x");
    }

    @Test
    void prefixesAreTakenLetterByLetter() {
        assertThat(kept(prefix("k8s", "a.p", false), "", "k8s:app=web", "k8s:a.p=x"))
                .containsExactly("k8s:a.p=x");
        assertThat(kept(prefix("reserved", ".*", false), "", "reserved:host", "k8s:app=web"))
                .containsExactly("reserved:host");
    }

    @Test
    void onlyExcludingPrefixesLeaveAllOthers() {
        assertThat(kept(prefix("k8s", "team", true), "", "k8s:app=web", "k8s:team=a", "any:team=b"))
                .containsExactly("k8s:app=web", "any:team=b");
        assertThat(kept(
                        prefix("k8s", "app", true) + "," + prefix("k8s", "app.name", false),
                        "",
                        "k8s:app=1",
                        "k8s:app.name=2"))
                .containsExactly("k8s:app.name=2");
        assertThat(kept("", "", "k8s:pod-template-hash=1")).containsExactly("k8s:pod-template-hash=1");
    }

    @Test
    void theKeyLabelsAddsToAFile() {
        assertThat(kept(prefix("k8s", "app", false), "any:role !k8s:team", "k8s:app=web", "any:role=x", "k8s:team=a"))
                .containsExactly("k8s:app=web", "any:role=x");
    }

    @Test
    void whetherReservedLabelsAreInItIsKnown() {
        String with = "{\"version\":1,\"valid-prefixes\":[" + prefix("reserved", ".*", false) + "]}";
        assertThat(LabelPrefixFile.parse(with).includesReserved()).isTrue();
        assertThat(LabelPrefixFile.parse(with.replace("reserved", "k8s")).includesReserved())
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{ | invalid label prefix file: ",
                "[] | unsupported version none of label prefix file (expected: 1)",
                "{\"version\":2,\"valid-prefixes\":[]} | unsupported version 2",
                "{\"version\":\"1\",\"valid-prefixes\":[]} | unsupported version \"1\"",
                "{\"version\":1} | valid-prefixes: none (expected: a list)",
                "{\"version\":1,\"valid-prefixes\":{}} | valid-prefixes: {} (expected: a list)",
                "{\"version\":1,\"valid-prefixes\":[7]} | source was empty in 7",
                "{\"version\":1,\"valid-prefixes\":[{\"prefix\":\"a\"}]} | source was empty",
                "{\"version\":1,\"valid-prefixes\":[{\"prefix\":\"\",\"source\":\"k8s\"}]} | prefix was empty",
                "{\"version\":1,\"valid-prefixes\":[{\"prefix\":\"a\",\"source\":\"k8s\",\"invert\":1}]} | invert: 1"
            })
    void aFileThatIsSomethingElseIsRefusedByName(String text, String message) {
        assertThatThrownBy(() -> LabelPrefixFile.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void aFileThatCannotBeReadIsRefusedByName() throws Exception {
        String missing = folder.resolve("missing.json").toString();
        assertThatThrownBy(() -> LabelPrefixFile.read(missing))
                .hasMessageContaining("unable to read label prefix file: ")
                .hasMessageContaining("missing.json");
        assertThatThrownBy(() -> LabelPrefixFile.read("a\0b")).hasMessageContaining("unable to read");
        Path there = Files.writeString(
                folder.resolve("there.json"),
                "{\"version\":1,\"valid-prefixes\":[" + prefix("k8s", "app", false) + "]}");
        assertThat(LabelPrefixFile.read(there.toString()).rules()).hasSize(1);
        Files.write(there, new byte[2 << 20]);
        assertThatThrownBy(() -> LabelPrefixFile.read(there.toString())).hasMessageContaining("2097152 bytes");
    }
}

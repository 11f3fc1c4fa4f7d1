package io.fairlead.identity.labels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Labels;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class LabelFilterTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "k8s:app=web",
                "k8s:io.kubernetes.pod.namespace=default",
                "k8s:io.cilium.k8s.policy.cluster=default",
                "k8s:io.cilium.k8s.policy.serviceaccount=default",
                "k8s:io.cilium.k8s.namespace.labels.team=a",
                "k8s:app.kubernetes.io/name=web",
                "reserved:host",
                "container:my-kubernetes.io=x",
                "unspec:x"
            })
    void byDefaultLabelsThatTellWorkloadsApartCount(String label) {
        assertThat(kept(LabelFilter.defaults(), label)).containsExactly(label);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "k8s:io.kubernetes.container.name=a",
                "k8s:kubernetes.io/hostname=n1",
                "k8s:statefulset.kubernetes.io/pod-name=web-0",
                "k8s:apps.kubernetes.io/pod-index=0",
                "k8s:batch.kubernetes.io/job-completion-index=1",
                "k8s:batch.kubernetes.io/controller-uid=1",
                "k8s:failure-domain.beta.kubernetes.io/zone=z",
                "k8s:topology.kubernetes.io/zone=z",
                "k8s:k8s.io/x=1",
                "k8s:pod-template-generation=1",
                "k8s:pod-template-hash=1",
                "k8s:controller-revision-hash=1",
                "k8s:controller-uid=1",
                "k8s:annotation.x=1",
                "k8s:etcd_node=1"
            })
    void byDefaultLabelsOfOneWorkloadCopyDoNotCount(String label) {
        assertThat(kept(LabelFilter.defaults(), label)).isEmpty();
    }

    @Test
    void oneIncludedLabelMakesTheFilterAListOfWhatCounts() {
        LabelFilter filter = LabelFilter.parse("k8s:app role");
        assertThat(kept(filter, "k8s:app=web", "k8s:team=a", "any:role=x", "k8s:io.kubernetes.pod.namespace=d"))
                .containsExactly("k8s:app=web", "k8s:io.kubernetes.pod.namespace=d", "any:role=x");
    }

    @Test
    void excludedLabelsOnlyTakeAway() {
        LabelFilter filter = LabelFilter.parse("k8s:!team !version.*");
        assertThat(kept(filter, "k8s:app=web", "k8s:team=a", "other:team=a", "k8s:version-x=1"))
                .containsExactly("k8s:app=web", "other:team=a");
    }

    @Test
    void aLongerIncludeWinsOverAShorterExclude() {
        LabelFilter filter = LabelFilter.parse("kubernetes\\.io/arch !app");
        assertThat(kept(filter, "k8s:kubernetes.io/arch=x", "k8s:kubernetes.io/os=y", "k8s:app=web"))
                .containsExactly("k8s:kubernetes.io/arch=x");
    }

    @ParameterizedTest
    @ValueSource(strings = {"k8s:", ":app", "!", "k8s:!", "app(", "k8s:a[b"})
    void whatIsNoRuleIsRefusedByName(String rule) {
        assertThatThrownBy(() -> LabelFilter.parse("app " + rule))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("label rule: \"" + rule + "\" (expected: ");
    }

    @Test
    void theRulesCanBeShown() {
        assertThat(LabelFilter.parse("k8s:!team").texts())
                .contains("reserved:.*", "!io\\.kubernetes")
                .endsWith("k8s:!team");
    }

    @ParameterizedTest
    @CsvSource({"reserved:host, 1", "reserved:world, 2", "reserved:health, 4", "reserved:remote-node, 6"})
    void reservedLabelSetsHaveFixedNumbers(String label, int number) {
        assertThat(ReservedLabels.number(Labels.parse(List.of(label)))).contains(new IdentityId(number));
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "UNKNOWN")
    void everyReservedNumberHasItsLabelSet(IdentityId.Reserved reserved) {
        assertThat(ReservedLabels.number(ReservedLabels.of(reserved))).contains(reserved.id());
    }

    @Test
    void noLabelsAreInit() {
        assertThat(ReservedLabels.number(Labels.EMPTY)).contains(new IdentityId(5));
        assertThat(ReservedLabels.number(Labels.parse(List.of("k8s:app=web")))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"reserved:nobody", "reserved:unknown", "reserved:host=1", "reserved:host,k8s:app=web"})
    void reservedLabelsThatMeanNothingAreRefused(String labels) {
        assertThatThrownBy(() -> ReservedLabels.number(Labels.parse(List.of(labels.split(",")))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("(expected: ");
    }

    private static List<String> kept(LabelFilter filter, String... labels) {
        return filter.apply(Labels.parse(List.of(labels))).texts();
    }
}

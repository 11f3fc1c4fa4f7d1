package io.fairlead.node.endpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.ClusterName;
import io.fairlead.contract.Labels;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PodLabelsTest {
    private static Labels of(String given, String namespace, String pod) {
        List<Map.Entry<String, String>> entries = Arrays.stream(given.split(" "))
                .filter(text -> !text.isEmpty())
                .map(text -> Map.entry(text.substring(0, text.indexOf('=')), text.substring(text.indexOf('=') + 1)))
                .toList();
        return PodLabels.of(entries, Optional.ofNullable(namespace), Optional.ofNullable(pod), ClusterName.DEFAULT);
    }

    @ParameterizedTest
    @CsvSource({
        "app=web, ns1, p, 'k8s:app=web;k8s:io.cilium.k8s.policy.cluster=default;k8s:io.kubernetes.pod.namespace=ns1;'",
        "app=web, , p, k8s:app=web;",
        "app=web, , , container:app=web;",
        "any:app=web b=, , p, any:app=web;k8s:b=;",
        "'', , , ''",
        "k8s:io.kubernetes.pod.namespace=kube-system, ns1, p, "
                + "k8s:io.cilium.k8s.policy.cluster=default;k8s:io.kubernetes.pod.namespace=ns1;"
    })
    void labelsHaveTheSourceTheRuntimeImplies(String given, String namespace, String pod, String encoded) {
        assertThat(of(given, namespace, pod).encoded()).isEqualTo(encoded);
    }

    @Test
    void whatIsNoLabelIsNamed() {
        assertThatThrownBy(() -> of("a=x;y", null, null)).hasMessageContaining("label value: \"x;y\" of key a");
        assertThatThrownBy(() -> of(":a=x", null, null)).hasMessageContaining("label source: \"\"");
    }
}

package io.fairlead.node.endpoint;

import io.fairlead.contract.ClusterName;
import io.fairlead.contract.Label;
import io.fairlead.contract.Labels;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The labels a pod's identity is made from, out of what the runtime says. */
public final class PodLabels {
    static final String NAMESPACE = "io.kubernetes.pod.namespace";
    static final String CLUSTER = "io.cilium.k8s.policy.cluster";

    private PodLabels() {}

    /**
     * Labels of a pod. A key "source:key" keeps its source; another has "k8s" when the pod has a name and "container"
     * when not. With a namespace come the labels for it and for the cluster, which no given label can override.
     *
     * @throws IllegalArgumentException naming the label that is none
     */
    public static Labels of(
            List<Map.Entry<String, String>> given,
            Optional<String> namespace,
            Optional<String> pod,
            ClusterName cluster) {
        String source = pod.isPresent() ? "k8s" : "container";
        List<Label> labels = new ArrayList<>();
        for (Map.Entry<String, String> entry : given) {
            String key = entry.getKey();
            int colon = key.indexOf(':');
            labels.add(
                    colon < 0
                            ? new Label(source, key, entry.getValue())
                            : new Label(key.substring(0, colon), key.substring(colon + 1), entry.getValue()));
        }
        namespace.ifPresent(name -> {
            labels.add(new Label("k8s", NAMESPACE, name));
            labels.add(new Label("k8s", CLUSTER, cluster.value()));
        });
        return Labels.of(labels);
    }
}

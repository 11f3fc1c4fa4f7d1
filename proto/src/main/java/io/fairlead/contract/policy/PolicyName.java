package io.fairlead.contract.policy;

import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/**
 * What names a policy.
 *
 * @param kind which kind of document it was
 * @param namespace empty for a clusterwide one
 * @param name unique within kind and namespace
 */
public record PolicyName(Kind kind, String namespace, String name) implements Comparable<PolicyName> {
    private static final Comparator<PolicyName> ORDER = Comparator.comparing(PolicyName::kind)
            .thenComparing(PolicyName::namespace)
            .thenComparing(PolicyName::name);

    /** Kinds of documents, with the names users know. */
    public enum Kind {
        NETWORK_POLICY("NetworkPolicy"),
        CILIUM_NETWORK_POLICY("CiliumNetworkPolicy"),
        CILIUM_CLUSTERWIDE_NETWORK_POLICY("CiliumClusterwideNetworkPolicy");

        private final String text;

        Kind(String text) {
            this.text = text;
        }

        /** As documents write it. */
        public String text() {
            return text;
        }

        /** The kind of a text, also in the short forms of kubectl: "cnp", "ccnp", "netpol", in any case. */
        public static Optional<Kind> find(String text) {
            return switch (text.toLowerCase(Locale.ROOT)) {
                case "networkpolicy", "networkpolicies", "netpol", "knp" -> Optional.of(NETWORK_POLICY);
                case "ciliumnetworkpolicy", "ciliumnetworkpolicies", "cnp" -> Optional.of(CILIUM_NETWORK_POLICY);
                case "ciliumclusterwidenetworkpolicy", "ciliumclusterwidenetworkpolicies", "ccnp" ->
                    Optional.of(CILIUM_CLUSTERWIDE_NETWORK_POLICY);
                default -> Optional.empty();
            };
        }
    }

    @Override
    public int compareTo(PolicyName other) {
        return ORDER.compare(this, other);
    }

    /** "CiliumNetworkPolicy default/web". */
    @Override
    public String toString() {
        return kind.text() + " " + (namespace.isEmpty() ? name : namespace + "/" + name);
    }
}

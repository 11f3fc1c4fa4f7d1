package io.fairlead.identity.policy;

import io.fairlead.contract.policy.DirectionRule;
import io.fairlead.contract.policy.Peer;
import io.fairlead.contract.policy.Policy;
import io.fairlead.contract.policy.Ports;
import io.fairlead.contract.policy.Rule;
import io.fairlead.contract.policy.Selector;
import java.util.List;
import java.util.stream.Collectors;

/** Rules as lines that a test can compare. */
final class Shown {
    private Shown() {}

    static String policy(Policy policy) {
        return policy.rules().stream().map(Shown::rule).collect(Collectors.joining("\n--\n"));
    }

    private static String rule(Rule rule) {
        StringBuilder text = new StringBuilder("for ").append(selector(rule.subject()));
        text.append(rule.enforcesIngress() ? ", enforces ingress" : "")
                .append(rule.enforcesEgress() ? ", enforces egress" : "");
        rule.ingress().forEach(each -> text.append("\n").append(direction("from", each)));
        rule.egress().forEach(each -> text.append("\n").append(direction("to", each)));
        return text.toString();
    }

    private static String direction(String word, DirectionRule rule) {
        String peers = rule.peers().isEmpty()
                ? "any"
                : join(rule.peers().stream().map(Shown::peer).toList());
        String ports = rule.ports().isEmpty()
                ? ""
                : " on " + join(rule.ports().stream().map(Shown::ports).toList());
        return (rule.deny() ? "deny " : "allow ") + word + " " + peers + ports;
    }

    private static String join(List<String> all) {
        return String.join(", ", all);
    }

    private static String peer(Peer peer) {
        if (peer instanceof Peer.Labelled labelled) {
            return selector(labelled.selector());
        }
        if (peer instanceof Peer.Prefix prefix) {
            return prefix.cidr() + (prefix.except().isEmpty() ? "" : " but " + prefix.except());
        }
        return peer instanceof Peer.Named named ? named.entity().text() : "nobody";
    }

    private static String ports(Ports ports) {
        String range = ports.isAll()
                ? "*"
                : ports.first() == ports.last() ? "" + ports.first() : ports.first() + "-" + ports.last();
        return ports.protocol() + "/" + range;
    }

    private static String selector(Selector selector) {
        return "{"
                + selector.requirements().stream()
                        .map(r -> r.source() + ":" + r.key() + " "
                                + r.operator().text() + (r.values().isEmpty() ? "" : r.values()))
                        .collect(Collectors.joining(" & "))
                + "}";
    }
}

package io.fairlead.node.explain;

import io.fairlead.node.explain.Explanation.Decision;
import io.fairlead.node.kernel.bpf.DropReason;
import io.fairlead.node.kernel.bpf.Explained;
import io.fairlead.node.kernel.bpf.Explained.Identities;
import io.fairlead.node.kernel.bpf.Explained.Judgement;
import io.fairlead.node.kernel.bpf.Explained.Looked;
import io.fairlead.node.kernel.bpf.Explained.Translated;
import java.util.ArrayList;
import java.util.List;

/** Turns what a program wrote down into lines, in the order it decides. */
final class Decisions {
    /** What bpf_fib_lookup returns, by number: enum BPF_FIB_LKUP_RET_ of linux/bpf.h. */
    private static final List<String> LOOKUPS = List.of(
            "found",
            "blackhole",
            "unreachable",
            "prohibited",
            "not forwarded: for this node itself, or no route",
            "forwarding is disabled on the device",
            "unsupported: the route encapsulates",
            "no neighbour entry",
            "larger than the route's MTU: fragmentation needed",
            "no source address");

    private final Surroundings around;
    private final Parties parties;

    Decisions(Surroundings around, Parties parties) {
        this.around = around;
        this.parties = parties;
    }

    List<Decision> of(Packet packet, Explained met) {
        List<Decision> lines = new ArrayList<>();
        lines.add(new Decision("packet", packet.text()));
        met.reverse().ifPresent(now -> lines.add(new Decision("reverse NAT", "destination becomes " + address(now))));
        met.identities().ifPresent(ids -> lines.add(new Decision("identity", identities(ids))));
        met.connection().ifPresent(state -> lines.add(new Decision("conntrack", state)));
        met.egress().ifPresent(judged -> lines.add(new Decision("egress policy", judgement(judged, met))));
        met.ingress().ifPresent(judged -> lines.add(new Decision("ingress policy", judgement(judged, met))));
        met.masquerade().ifPresent(now -> lines.add(new Decision("masquerade", "source becomes " + address(now))));
        met.route().ifPresent(looked -> route(packet, looked, lines));
        met.forwarded().ifPresent(onward -> lines.add(new Decision("forward", forward(packet, onward, met))));
        met.dropReason().ifPresent(reason -> lines.add(new Decision("drop", reason(reason))));
        return lines;
    }

    static String reason(int number) {
        return DropReason.of(number).map(DropReason::text).orElse("reason " + number);
    }

    private String identities(Identities ids) {
        return identity(ids.source(), ids.sourceEndpoint()) + " -> "
                + identity(ids.destination(), ids.destinationEndpoint());
    }

    private String identity(int identity, int endpoint) {
        List<String> labels = around.labels().apply(identity);
        String text =
                Integer.toUnsignedString(identity) + (labels.isEmpty() ? "" : " (" + String.join(", ", labels) + ")");
        // from the network it is the endpoint that tells, which is the node's own
        return parties.isPod(endpoint) ? text + " endpoint " + endpoint + parties.name(endpoint) : text;
    }

    private String judgement(Judgement judged, Explained met) {
        String rule = judged.rule() == 0
                ? ""
                : " by " + around.rules().text(judged.rule()).orElse("rule " + judged.rule());
        String matched = judged.match().equals("none") ? "" : " (" + judged.match() + ")";
        if (judged.reason() == 0) {
            return "allowed" + (rule.isEmpty() && matched.isEmpty() ? ": no policy, or an open connection" : rule)
                    + matched;
        }
        String audited = met.dropReason().isEmpty() ? "would be denied, but is only told" : "denied";
        return audited + (rule.isEmpty() ? ": no rule allows it" : rule) + matched + ": " + reason(judged.reason());
    }

    private void route(Packet packet, Looked looked, List<Decision> lines) {
        boolean known = looked.result() >= 0 && looked.result() < LOOKUPS.size();
        lines.add(
                new Decision("route", known ? LOOKUPS.get(looked.result()) : "lookup failed with " + looked.result()));
        if (looked.result() == 0) {
            String hop = looked.nextHop().map(parties::nodeName).orElse(packet.destination() + " itself");
            lines.add(new Decision("next hop", hop + " on " + around.routing().device(looked.ifindex())));
        }
    }

    private String forward(Packet packet, Explained.Onward onward, Explained met) {
        String where = switch (onward) {
            case TO_ENDPOINT ->
                "to endpoint "
                        + met.identities()
                                .map(ids -> ids.destinationEndpoint() + parties.name(ids.destinationEndpoint()))
                                .orElse("");
            case TO_HOST -> "to the node itself";
            case TO_STACK -> "to the node's stack";
            case TO_NETWORK -> "to the network";
        };
        return where
                + (onward == Explained.Onward.TO_NETWORK
                        ? ", TTL " + packet.hop().ttl()
                        : "");
    }

    private static String address(Translated now) {
        String ip = now.address().isV4() ? now.address().toString() : "[" + now.address() + "]";
        return ip + ":" + now.port();
    }
}

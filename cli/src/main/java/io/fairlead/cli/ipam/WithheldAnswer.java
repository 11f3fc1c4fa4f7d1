package io.fairlead.cli.ipam;

import io.fairlead.cli.output.Answer;
import io.fairlead.cli.output.Json;
import io.fairlead.cli.output.Table;
import io.fairlead.cli.output.TextStyle;
import io.fairlead.proto.ipam.v1.WithheldCidr;
import java.util.List;

/** {@code ipam withheld}. */
record WithheldAnswer(List<WithheldCidr> cidrs) implements Answer {
    /** Nodes that a table names; JSON names all. */
    private static final int NAMED = 5;

    @Override
    public String text(TextStyle style) {
        if (cidrs.isEmpty()) {
            return "No pod CIDR is withheld.\n";
        }
        Table table = new Table("CIDR", "Node", "Revision", "Waiting For");
        for (WithheldCidr cidr : cidrs) {
            List<String> waiting = cidr.getWaitingForList();
            String names = String.join(",", waiting.subList(0, Math.min(NAMED, waiting.size())));
            table.row(
                    cidr.getCidr(),
                    cidr.getNodeName(),
                    Long.toString(cidr.getRevision()),
                    waiting.size() > NAMED ? names + " and " + (waiting.size() - NAMED) + " more" : names);
        }
        return table.render(style.headers());
    }

    @Override
    public Object json() {
        return cidrs.stream()
                .map(cidr -> Json.object(
                        "cidr",
                        cidr.getCidr(),
                        "node",
                        cidr.getNodeName(),
                        "revision",
                        cidr.getRevision(),
                        "waiting-for",
                        List.copyOf(cidr.getWaitingForList())))
                .toList();
    }
}

package io.fairlead.cli.ipam;

import io.fairlead.cli.output.Answer;
import io.fairlead.cli.output.Json;
import io.fairlead.cli.output.Table;
import io.fairlead.cli.output.TextStyle;
import io.fairlead.proto.ipam.v1.Pool;
import io.fairlead.proto.ipam.v1.PoolCidrs;
import java.util.List;

/** {@code ipam pools} and {@code ipam pools add}. */
record PoolsAnswer(List<Pool> pools) implements Answer {
    @Override
    public String text(TextStyle style) {
        Table table = new Table("Pool", "Family", "CIDRs", "Mask Size", "Blocks", "Taken", "Withheld");
        for (Pool pool : pools) {
            for (PoolCidrs family : pool.getFamiliesList()) {
                table.row(
                        pool.getName(),
                        "IPv" + family.getIpVersion(),
                        String.join(",", family.getCidrsList()),
                        Integer.toString(family.getMaskSize()),
                        Long.toUnsignedString(family.getBlocks()),
                        Long.toUnsignedString(family.getTaken()),
                        Long.toUnsignedString(family.getWithheld()));
            }
        }
        return table.render(style.headers());
    }

    @Override
    public Object json() {
        return pools.stream()
                .map(pool -> Json.object(
                        "name",
                        pool.getName(),
                        "families",
                        pool.getFamiliesList().stream()
                                .map(family -> Json.object(
                                        "ip-version",
                                        family.getIpVersion(),
                                        "cidrs",
                                        List.copyOf(family.getCidrsList()),
                                        "mask-size",
                                        family.getMaskSize(),
                                        "blocks",
                                        Json.unsigned(family.getBlocks()),
                                        "taken",
                                        Json.unsigned(family.getTaken()),
                                        "withheld",
                                        Json.unsigned(family.getWithheld())))
                                .toList()))
                .toList();
    }
}

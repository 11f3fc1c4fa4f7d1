package io.fairlead.node.registration;

import io.fairlead.contract.Ip;
import io.fairlead.node.endpoint.PodBlock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which address of its blocks is the node's own: the one it had, as long as that is in one of them. */
final class Routers {
    private static final Logger LOGGER = LoggerFactory.getLogger(Routers.class);

    private Routers() {}

    /**
     * One for each family there is a block of.
     *
     * @param agreed those the node's file names
     * @param onDevice those the device has
     */
    static List<Ip> of(List<PodBlock> blocks, List<Ip> agreed, List<Ip> onDevice) {
        Set<Ip.Family> families = new TreeSet<>();
        blocks.forEach(block -> families.add(block.cidr().family()));
        List<Ip> routers = new ArrayList<>();
        for (Ip.Family family : families) {
            Ip router = restored(family, blocks, agreed)
                    .or(() -> restored(family, blocks, onDevice))
                    .orElseGet(() -> first(family, blocks));
            routers.add(router);
        }
        return routers;
    }

    /** One outside the blocks is taken off the device when the devices are made. */
    private static Optional<Ip> restored(Ip.Family family, List<PodBlock> blocks, List<Ip> candidates) {
        for (Ip candidate : candidates) {
            if (candidate.family() != family) {
                continue;
            }
            if (blocks.stream().anyMatch(block -> block.usable(candidate))) {
                return Optional.of(candidate);
            }
            LOGGER.atWarn()
                    .addKeyValue("router", candidate)
                    .addKeyValue("podCidrs", blocks.stream().map(PodBlock::cidr).toList())
                    .log("restored router address is in no pod CIDR of this node; discarded");
        }
        return Optional.empty();
    }

    private static Ip first(Ip.Family family, List<PodBlock> blocks) {
        return blocks.stream()
                .map(PodBlock::cidr)
                .filter(cidr -> cidr.family() == family)
                .findFirst()
                .orElseThrow()
                .address()
                .plus(1);
    }
}

package io.fairlead.node.registration;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.endpoint.AddressPool.Supply;
import io.fairlead.node.endpoint.PodBlock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What was agreed with the ipam service.
 *
 * @param name the node's name
 * @param cluster its cluster
 * @param blocks those its pods have addresses of, in the order they were given
 * @param routers its own address among them, at most one a family
 * @param asked blocks that were asked for and may have been given
 * @param returning blocks that were given back and may still be the node's; nothing has an address of them
 */
record Agreement(
        NodeName name,
        ClusterName cluster,
        List<PodBlock> blocks,
        List<Ip> routers,
        List<Asked> asked,
        List<PodBlock> returning) {

    /**
     * A block that was asked for.
     *
     * @param supply what for
     * @param id the request's, the same as long as it is not answered
     */
    record Asked(Supply supply, String id) {}

    Agreement {
        blocks = List.copyOf(blocks);
        routers = List.copyOf(routers);
        asked = List.copyOf(asked);
        returning = List.copyOf(returning);
        List<Cidr> all = new ArrayList<>();
        for (PodBlock block : Stream.concat(blocks.stream(), returning.stream()).toList()) {
            for (Cidr other : all) {
                if (other.overlaps(block.cidr())) {
                    throw new IllegalArgumentException(
                            "pod CIDR: " + block.cidr() + " (expected: no overlap with " + other + ")");
                }
            }
            all.add(block.cidr());
        }
    }

    List<Cidr> podCidrs() {
        return blocks.stream().map(PodBlock::cidr).toList();
    }

    /** The families it has a block of. */
    Set<Ip.Family> families() {
        Set<Ip.Family> families = new TreeSet<>();
        blocks.forEach(block -> families.add(block.cidr().family()));
        return families;
    }

    Optional<Asked> asked(Supply supply) {
        return asked.stream().filter(one -> one.supply().equals(supply)).findFirst();
    }

    Agreement withBlocks(List<PodBlock> more) {
        List<PodBlock> all = new ArrayList<>(blocks);
        more.stream().filter(block -> !all.contains(block)).forEach(all::add);
        return new Agreement(name, cluster, all, routers, asked, returning);
    }

    Agreement withRouters(List<Ip> others) {
        return new Agreement(name, cluster, blocks, others, asked, returning);
    }

    Agreement asking(Asked request) {
        List<Asked> more = new ArrayList<>(asked);
        more.add(request);
        return new Agreement(name, cluster, blocks, routers, more, returning);
    }

    /** The same with a request that is over. */
    Agreement without(Asked request) {
        return new Agreement(
                name,
                cluster,
                blocks,
                routers,
                asked.stream().filter(one -> !one.equals(request)).toList(),
                returning);
    }

    /** The same with a block on its way back. */
    Agreement returning(PodBlock block) {
        List<PodBlock> more = new ArrayList<>(returning);
        more.add(block);
        return new Agreement(name, cluster, other(blocks, block), routers, asked, more);
    }

    /** The same with a block that came back, or not: it is the service's. */
    Agreement returned(PodBlock block) {
        return new Agreement(name, cluster, blocks, routers, asked, other(returning, block));
    }

    /** The node as its other parts know it: with the families its pods have. */
    LocalNode node(Wanted wanted) {
        return new LocalNode(
                name,
                cluster,
                wanted.addresses(),
                podCidrs().stream()
                        .filter(cidr -> wanted.families().contains(cidr.family()))
                        .toList(),
                routers.stream()
                        .filter(router -> wanted.families().contains(router.family()))
                        .toList());
    }

    private static List<PodBlock> other(List<PodBlock> blocks, PodBlock block) {
        return blocks.stream().filter(one -> !one.equals(block)).toList();
    }
}

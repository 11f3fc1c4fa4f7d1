package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.ipam.allocation.IpamException.Reason;
import io.fairlead.kvstore.KvStore;
import io.fairlead.runtime.retry.Timers;
import io.vertx.core.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Registers and releases nodes and changes what blocks they have, safe with any number of replicas on one store.
 *
 * <p>A new node costs one round trip: a transaction that makes sure nothing is known of it, claims blocks and addresses and
 * writes the record, all or nothing. One that is known costs a look first. Claims hang on no lease: only {@link #release} and {@link #returnPodCidr} end them. Any thread
 * may call; futures complete on the store's thread, with {@link IpamException} when the request cannot be carried out.
 */
public final class NodeAllocator {
    private static final Logger LOGGER = LoggerFactory.getLogger(NodeAllocator.class);

    private final KvStore store;
    private final IpamKeys keys;
    private final Cluster cluster;
    private final Occupancy occupancy;
    private final Execution execution;

    /** An allocator for the nodes of one cluster. */
    public NodeAllocator(KvStore store, IpamKeys keys, Cluster cluster, Blocked blocked, Timers timers) {
        this.store = store;
        this.keys = keys;
        this.cluster = cluster;
        this.occupancy = blocked.occupancy();
        this.execution = new Execution(store, blocked, timers);
    }

    /**
     * What blocks cannot be given, seen in the same store.
     *
     * @param occupancy what is taken
     * @param withdrawals what was given back
     * @param restored what nobody can know yet
     */
    public record Blocked(Occupancy occupancy, Withdrawals withdrawals, Restored restored) {}

    /**
     * Whose nodes are registered.
     *
     * @param name the cluster's name
     * @param id its number, 0 to 255
     */
    public record Cluster(ClusterName name, int id) {}

    /** Makes a node known and gives it its blocks, the same ones for as long as it is not released. */
    public Future<Registered> register(Registration asked) {
        Owner owner = new Owner(cluster.name(), asked.node());
        Work work = new Registering(keys, occupancy, new RecordWriter(cluster.id()), owner, asked);
        return pool(asked.wants().pool())
                .compose(known -> execution.run(work))
                .onSuccess(done -> LOGGER.atDebug()
                        .addKeyValue("node", asked.node())
                        .addKeyValue("podCidrs", done.podCidrs())
                        .addKeyValue("revision", done.revision())
                        .log("Node is registered"));
    }

    /**
     * Gives a registered node one more block.
     *
     * @param request chosen by the node: the same one is answered with the same block, for as long as it has it
     */
    public Future<Registered> addPodCidr(NodeName node, String pool, Ip.Family family, String request) {
        Owner owner = new Owner(cluster.name(), node);
        return pool(pool)
                .compose(known -> execution.run(new MoreBlocks.Add(keys, occupancy, owner, pool, family, request)))
                .onSuccess(done -> LOGGER.atInfo()
                        .addKeyValue("node", node)
                        .addKeyValue("podCidr", done.podCidrs())
                        .addKeyValue("revision", done.revision())
                        .log("Node has one more block"));
    }

    /**
     * Takes a block back that a node has no use for; its last one of a family stays.
     *
     * @param asOf last revision the node was told: one that it was given since stays; 0 for whichever
     */
    public Future<Registered> returnPodCidr(NodeName node, Cidr block, long asOf) {
        Owner owner = new Owner(cluster.name(), node);
        return execution
                .run(new MoreBlocks.Return(keys, occupancy, owner, block, asOf))
                .onSuccess(done -> LOGGER.atInfo()
                        .addKeyValue("node", node)
                        .addKeyValue("podCidr", block)
                        .addKeyValue("returned", done.changed())
                        .log("Node returns a block"));
    }

    /**
     * Removes a node's record and everything it holds, at once. Its blocks are another node's only after all others have
     * acknowledged the withdrawal; it may have them itself again before.
     *
     * @param asOf revision the caller saw the node at: refused when it registered anew since; 0 for whichever there is
     * @return false when nothing was known of the node
     */
    public Future<Boolean> release(NodeName node, long asOf) {
        Owner owner = new Owner(cluster.name(), node);
        return execution
                .run(new Release(keys, occupancy, owner, asOf))
                .map(Registered::changed)
                .onSuccess(done -> LOGGER.atInfo()
                        .addKeyValue("node", node)
                        .addKeyValue("released", done)
                        .log("Node release"));
    }

    /** Completes when a pool is known here; one that another replica has just made is waited for. */
    private Future<Void> pool(String name) {
        if (occupancy.pools().get(name).isPresent()) {
            return Future.succeededFuture();
        }
        return store.get(keys.pool(name))
                .compose(entry ->
                        entry.isPresent() ? occupancy.reached(entry.get().modRevision()) : Future.succeededFuture())
                .compose(seen -> occupancy.pools().get(name).isPresent()
                        ? Future.succeededFuture()
                        : Future.failedFuture(new IpamException(
                                Reason.NOT_FOUND,
                                "pool: " + name + " (expected: one of these: "
                                        + occupancy.pools().names() + ")")));
    }
}

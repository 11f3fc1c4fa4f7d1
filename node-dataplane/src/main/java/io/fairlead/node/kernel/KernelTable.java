package io.fairlead.node.kernel;

import java.util.Collection;
import java.util.Map;

/**
 * One kind of thing the agent keeps in the kernel. Both writes are idempotent; neither touches what is not the agent's.
 *
 * <p>Called by the reconciler's thread only; calls block.
 *
 * @param <K> what names an entry
 * @param <V> what it is to be; two equal values mean there is nothing to do
 */
public interface KernelTable<K, V> {
    /** The table's name in logs, metrics and status: "routes". */
    String name();

    /**
     * What is there now and is ours.
     *
     * @throws KernelException when it cannot be read
     */
    Map<K, V> load();

    /**
     * Makes these entries be there, replacing what differs, in the order given.
     *
     * @return the entries that could not be written, with the reason; the others are there
     */
    Map<K, KernelException> upsert(Map<K, V> entries);

    /**
     * Makes these entries be gone; one that is gone already is no failure.
     *
     * @return the entries that could not be removed, with the reason
     */
    Map<K, KernelException> delete(Collection<K> keys);
}

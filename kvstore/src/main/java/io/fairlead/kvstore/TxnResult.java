package io.fairlead.kvstore;

import java.util.List;

/**
 * What a transaction did.
 *
 * @param succeeded true when the conditions held and {@code then} was carried out
 * @param revision the store's revision afterwards
 * @param reads one for each Get and GetPrefix of the branch taken, in order: the entries found
 */
public record TxnResult(boolean succeeded, long revision, List<List<KeyValue>> reads) {
    public TxnResult {
        reads = List.copyOf(reads);
    }
}

package io.fairlead.node.datapath;

import io.fairlead.contract.Cidr;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.KernelTable;
import io.fairlead.node.kernel.MasqueradeAddress;
import io.fairlead.node.kernel.NoMasquerade;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Writes the two maps of masquerade: small, without a source that has to be waited for, so that they are compared in full
 * each time. Used by the reconciler's thread.
 */
final class MasqueradeTables {
    private final KernelTable<Integer, MasqueradeAddress> addresses;
    private final KernelTable<Cidr, NoMasquerade> excluded;

    /**
     * What a comparison did.
     *
     * @param written entries that differed
     * @param problems what the kernel refused
     */
    record Outcome(int written, List<String> problems) {}

    MasqueradeTables(KernelTable<Integer, MasqueradeAddress> addresses, KernelTable<Cidr, NoMasquerade> excluded) {
        this.addresses = addresses;
        this.excluded = excluded;
    }

    /**
     * Makes the maps hold what is wanted. Exclusions come before addresses and go after them: no packet is masqueraded
     * meanwhile that is not to be.
     */
    Outcome write(MasqueradeDesired wanted) {
        List<String> problems = new ArrayList<>();
        int written = upsert(excluded, wanted.excluded(), problems);
        written += upsert(addresses, wanted.addresses(), problems);
        written += delete(addresses, wanted.addresses(), problems);
        written += delete(excluded, wanted.excluded(), problems);
        return new Outcome(written, problems);
    }

    private static <K, V> int upsert(KernelTable<K, V> table, Map<K, V> wanted, List<String> problems) {
        try {
            Map<K, V> missing = new HashMap<>(wanted);
            missing.entrySet().removeAll(table.load().entrySet());
            return missing.size() - failed(table.upsert(missing), problems);
        } catch (KernelException e) {
            problems.add(String.valueOf(e.getMessage()));
            return 0;
        }
    }

    private static <K, V> int delete(KernelTable<K, V> table, Map<K, V> wanted, List<String> problems) {
        try {
            Map<K, V> there = new HashMap<>(table.load());
            there.keySet().removeAll(Set.copyOf(wanted.keySet()));
            return there.size() - failed(table.delete(there.keySet()), problems);
        } catch (KernelException e) {
            problems.add(String.valueOf(e.getMessage()));
            return 0;
        }
    }

    private static int failed(Map<?, KernelException> failures, List<String> problems) {
        failures.forEach((key, failure) -> problems.add(key + ": " + failure.getMessage()));
        return failures.size();
    }
}

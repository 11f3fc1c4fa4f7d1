package io.fairlead.node.monitor;

import io.fairlead.contract.Cidr;
import io.fairlead.node.kernel.IpcacheEntry;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.KernelTable;
import java.util.Collection;
import java.util.Map;

/** The table "ipcache", told of: each entry that was written or removed is an event. */
public final class ToldIpcache implements KernelTable<Cidr, IpcacheEntry> {
    private final KernelTable<Cidr, IpcacheEntry> table;
    private final AgentNotices notices;

    /** @param table does the work */
    public ToldIpcache(KernelTable<Cidr, IpcacheEntry> table, AgentNotices notices) {
        this.table = table;
        this.notices = notices;
    }

    @Override
    public String name() {
        return table.name();
    }

    @Override
    public Map<Cidr, IpcacheEntry> load() {
        return table.load();
    }

    @Override
    public Map<Cidr, KernelException> upsert(Map<Cidr, IpcacheEntry> entries) {
        Map<Cidr, KernelException> failed = table.upsert(entries);
        if (notices.heard()) {
            entries.forEach((cidr, entry) -> {
                if (!failed.containsKey(cidr)) {
                    notices.ipcacheUpserted(cidr, entry);
                }
            });
        }
        return failed;
    }

    @Override
    public Map<Cidr, KernelException> delete(Collection<Cidr> keys) {
        Map<Cidr, KernelException> failed = table.delete(keys);
        if (notices.heard()) {
            keys.stream().filter(cidr -> !failed.containsKey(cidr)).forEach(notices::ipcacheDeleted);
        }
        return failed;
    }
}

package io.fairlead.node.monitor;

import io.fairlead.node.kernel.bpf.SettingsMap;
import java.util.Set;

/** Says to the datapath which events it has to write. */
@FunctionalInterface
public interface EventSwitch {
    /**
     * Has these written and no others.
     *
     * @throws io.fairlead.node.kernel.KernelException when that cannot be said
     */
    void listen(Set<SettingsMap.Event> events);

    /** By the map "settings"; what else it says stays. Who else writes it holds its lock. */
    static EventSwitch of(SettingsMap settings) {
        return events -> {
            synchronized (settings) {
                settings.write(settings.read().with(events));
            }
        };
    }
}

package io.fairlead.node.datapath;

import io.fairlead.contract.FailureKind;
import io.fairlead.node.kernel.Attachment;
import io.fairlead.node.kernel.Hook;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.KernelTable;
import io.fairlead.node.kernel.bpf.MapUpgrade;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The programs at their hooks while maps are replaced: an attached program stays, with its old maps, until {@link
 * #release} says that the new ones hold what they should. Used by the reconciler's thread.
 */
public final class UpgradedLinks implements KernelTable<Hook, Attachment> {
    private static final Logger LOGGER = LoggerFactory.getLogger(UpgradedLinks.class);

    private final KernelTable<Hook, Attachment> links;
    private final MapUpgrade upgrade;
    private final Map<Hook, Attachment> held = new LinkedHashMap<>(); // owned by: reconciler
    private boolean released; // owned by: reconciler

    /**
     * @param links the hooks themselves
     * @param upgrade nothing is held when it is empty
     */
    public UpgradedLinks(KernelTable<Hook, Attachment> links, MapUpgrade upgrade) {
        this.links = links;
        this.upgrade = upgrade;
        this.released = upgrade.isEmpty();
    }

    @Override
    public String name() {
        return links.name();
    }

    @Override
    public Map<Hook, Attachment> load() {
        return links.load();
    }

    @Override
    public Map<Hook, KernelException> upsert(Map<Hook, Attachment> entries) {
        if (released) {
            return links.upsert(entries);
        }
        Map<Hook, Attachment> there = links.load();
        Map<Hook, Attachment> now = new LinkedHashMap<>();
        Map<Hook, KernelException> failures = new LinkedHashMap<>();
        entries.forEach((hook, wanted) -> {
            Attachment attached = there.get(hook);
            // a hook without a program carries nothing yet: it gets the new one, with the new maps
            if (attached == null || attached.ifindex() != wanted.ifindex()) {
                now.put(hook, wanted);
            } else {
                held.put(hook, wanted);
                failures.put(
                        hook,
                        new KernelException(
                                "swap program",
                                0,
                                "the one attached stays until the new maps " + upgrade.maps() + " are filled",
                                FailureKind.RETRY));
            }
        });
        failures.putAll(links.upsert(now));
        return failures;
    }

    @Override
    public Map<Hook, KernelException> delete(Collection<Hook> hooks) {
        held.keySet().removeAll(hooks);
        return links.delete(hooks);
    }

    /** True once programs are no longer held. */
    public boolean isReleased() {
        return released;
    }

    /**
     * The new maps hold what they should: connections are taken over, the pins moved, the programs swapped.
     *
     * @throws KernelException when the pins cannot be moved; nothing is swapped then
     */
    public void release() {
        if (released) {
            return;
        }
        upgrade.carryOver();
        upgrade.takePins();
        released = true;
        Map<Hook, KernelException> failures = links.upsert(Map.copyOf(held));
        failures.forEach((hook, failure) -> LOGGER.atWarn()
                .addKeyValue("hook", hook)
                .addKeyValue("error", failure.getMessage())
                .log("program could not be swapped; tried again at the next look"));
        upgrade.catchUp();
        LOGGER.atInfo()
                .addKeyValue("maps", upgrade.maps())
                .addKeyValue("hooks", held.size())
                .log("programs swapped to new maps");
        held.clear();
        upgrade.close();
    }
}

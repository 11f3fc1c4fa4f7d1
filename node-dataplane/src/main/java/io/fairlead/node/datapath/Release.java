package io.fairlead.node.datapath;

import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.desired.DesiredState.Source;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.reconcile.Reconciler;
import io.fairlead.node.reconcile.Report;
import io.fairlead.node.reconcile.TableId;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says when programs may be swapped to new maps: when every table the reconciler keeps in them is written in full. */
public final class Release {
    private static final Logger LOGGER = LoggerFactory.getLogger(Release.class);

    private final UpgradedLinks links;
    private final List<TableId> tables;

    /** @param maps the new ones, by name */
    public Release(UpgradedLinks links, Set<String> maps) {
        this.links = links;
        this.tables = Arrays.stream(TableId.values())
                .filter(table -> maps.contains(table.label()))
                .toList();
    }

    /** Releases after the first round that leaves nothing to write. Call before the reconciler starts. */
    public void when(Reconciler reconciler) {
        if (links.isReleased()) {
            return;
        }
        reconciler.onReport(report -> {
            if (!links.isReleased() && isFilled(reconciler.state(), report)) {
                release(reconciler);
            }
        });
    }

    boolean isFilled(DesiredState state, Report report) {
        return state.knows(Source.PODS)
                && tables.stream()
                        .allMatch(table -> state.knows(table.source())
                                && !report.unreadable().containsKey(table)
                                && report.failures()
                                        .getOrDefault(table, Map.of())
                                        .isEmpty());
    }

    private void release(Reconciler reconciler) {
        try {
            links.release();
        } catch (KernelException | UncheckedIOException e) {
            LOGGER.atWarn()
                    .addKeyValue("error", e.getMessage())
                    .log("programs could not be swapped to new maps; tried again");
        }
        reconciler.resyncSoon();
    }
}

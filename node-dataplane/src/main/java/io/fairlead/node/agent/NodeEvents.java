package io.fairlead.node.agent;

import io.fairlead.node.datapath.LoadedDatapath;
import io.fairlead.node.kernel.bpf.SettingsMap;
import io.fairlead.node.kernel.netlink.Link;
import io.fairlead.node.kernel.netlink.Netlink;
import io.fairlead.node.monitor.AgentNotices;
import io.fairlead.node.monitor.EventRing;
import io.fairlead.node.monitor.EventSwitch;
import io.fairlead.node.monitor.MonitorHub;
import io.fairlead.node.policy.PolicySwitch;
import io.fairlead.runtime.process.Lifecycle;
import java.util.Optional;

/**
 * What those who watch are told.
 *
 * @param hub gives them events
 * @param notices the agent's own
 */
record NodeEvents(MonitorHub hub, AgentNotices notices) {

    /** Starts a hub nobody listens to yet. */
    static NodeEvents start(LoadedDatapath loaded, Netlink netlink, PolicySwitch policies, Lifecycle life) {
        EventRing.Names names = new EventRing.Names(
                index -> netlink.link(index).map(Link::name),
                rule -> Optional.ofNullable(policies.view().ruleTexts().get(rule)));
        EventRing ring = new EventRing(loaded.spec(), loaded.object(), names);
        SettingsMap settings = new SettingsMap(loaded.spec(), loaded.object().map("settings"));
        MonitorHub hub = MonitorHub.start(ring, EventSwitch.of(settings), MonitorHub.Limits.DEFAULT);
        life.onClose("events", hub);
        return new NodeEvents(hub, new AgentNotices(hub));
    }
}

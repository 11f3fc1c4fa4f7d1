package io.fairlead.node.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.FailureKind;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.IpcacheEntry;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.KernelTable;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class AgentNoticesTest {
    private static final Cidr GOOD = Cidr.parse("10.244.1.2/32");
    private static final Cidr BAD = Cidr.parse("10.244.1.3/32");

    private final List<String> told = new ArrayList<>();
    private boolean heard = true;
    private final AgentNotices notices = new AgentNotices(new AgentEvents() {
        @Override
        public boolean heard() {
            return heard;
        }

        @Override
        public void tell(String type, String json) {
            told.add(type + ": " + json);
        }
    });

    /** A kernel that refuses one entry. */
    private static final class Table implements KernelTable<Cidr, IpcacheEntry> {
        @Override
        public String name() {
            return "ipcache";
        }

        @Override
        public Map<Cidr, IpcacheEntry> load() {
            return Map.of();
        }

        @Override
        public Map<Cidr, KernelException> upsert(Map<Cidr, IpcacheEntry> entries) {
            return delete(entries.keySet());
        }

        @Override
        public Map<Cidr, KernelException> delete(Collection<Cidr> keys) {
            return keys.stream()
                    .filter(BAD::equals)
                    .collect(Collectors.toMap(
                            key -> key, key -> new KernelException("write", 7, "no room", FailureKind.RETRY)));
        }
    }

    @Test
    void whatIsInTheKernelIsToldAndWhatItRefusedIsNot() {
        ToldIpcache table = new ToldIpcache(new Table(), notices);
        IpcacheEntry entry = new IpcacheEntry(new IdentityId(-1), Optional.of(Ip.parse("192.168.2.31")));
        assertThat(table.upsert(Map.of(GOOD, entry, BAD, entry))).containsOnlyKeys(BAD);
        assertThat(table.delete(List.of(GOOD, BAD))).containsOnlyKeys(BAD);
        assertThat(told)
                .containsExactly(
                        "IPCache entry upserted: {\"cidr\":\"" + GOOD
                                + "\",\"id\":4294967295,\"host-ip\":\"192.168.2.31\"}",
                        "IPCache entry deleted: {\"cidr\":\"" + GOOD + "\"}");
    }

    @Test
    void nothingIsSaidWhileNobodyListens() {
        heard = false;
        ToldIpcache table = new ToldIpcache(new Table(), notices);
        table.upsert(Map.of(GOOD, new IpcacheEntry(IdentityId.WORLD, Optional.empty())));
        notices.agentStarted(Instant.EPOCH);
        assertThat(told).isEmpty();
    }

    @Test
    void theAgentAndPoliciesHaveCiliumsKeys() {
        notices.agentStarted(Instant.EPOCH);
        notices.policyUpdated(List.of("NetworkPolicy default/x"), 7, 2);
        notices.policyDeleted(List.of("NetworkPolicy default/x"), 8, 0);
        assertThat(told)
                .containsExactly(
                        "Agent started: {\"time\":\"1970-01-01T00:00:00Z\"}",
                        "Policy updated: {\"labels\":[\"NetworkPolicy default/x\"],\"revision\":7,\"rule_count\":2}",
                        "Policy deleted: {\"labels\":[\"NetworkPolicy default/x\"],\"revision\":8,\"rule_count\":0}");
    }
}

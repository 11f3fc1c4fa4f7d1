package io.fairlead.soak.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.contract.etcd.NodeRecord;
import io.fairlead.soak.client.NodeTables;
import io.fairlead.soak.store.Change;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class StoreModelTest {
    private static final String IDS = "cilium/state/identities/v1/id/";
    private final StoreModel model = new StoreModel();
    private long revision;

    private void put(String key, String value) {
        model.apply(List.of(new Change(++revision, key, Optional.of(value), revision)));
    }

    private void delete(String key) {
        model.apply(List.of(new Change(++revision, key, Optional.empty(), revision)));
    }

    private void node(String name, String address, String cidr) {
        NodeRecord record = new NodeRecord(
                new NodeName(name),
                new ClusterName("soak"),
                List.of(new NodeRecord.Address(NodeRecord.Address.INTERNAL, Ip.parse(address))),
                NodeRecord.Networks.v4(Cidr.parse(cidr)),
                0,
                NodeRecord.Details.NONE);
        put("cilium/state/nodes/v1/soak/" + name, record.encode());
    }

    @Test
    void recordsWithOverlappingCidrsAreFoundAlthoughOneIsGoneByNow() {
        node("a", "172.20.0.1", "10.0.1.0/24");
        node("b", "172.20.0.2", "10.0.1.0/24");
        delete("cilium/state/nodes/v1/soak/a");
        assertThat(model.found())
                .singleElement()
                .satisfies(v -> assertThat(v.invariant()).isEqualTo(Invariant.NO_SHARED_CIDR));
    }

    @Test
    void aCidrThatIsGivenOnAfterItsRecordIsGoneIsFine() {
        node("a", "172.20.0.1", "10.0.1.0/24");
        delete("cilium/state/nodes/v1/soak/a");
        node("b", "172.20.0.2", "10.0.1.0/24");
        assertThat(model.found()).isEmpty();
    }

    private void progress(String replica, long version, String behind) {
        put("fairlead/progress/v1/routes/" + replica + "/nodes", "{\"nodes\":[{\"node\":\"b\"},{\"node\":\"c\"}]}");
        put(
                "fairlead/progress/v1/routes/" + replica + "/reached",
                "{\"epoch\":\"e\",\"version\":" + version + ",\"least\":0,\"behind\":[" + behind + "],\"failed\":[]}");
    }

    @Test
    void aCidrThatIsGivenOnBeforeANodeAcknowledgedItsWithdrawalIsFound() {
        node("a", "172.20.0.1", "10.0.1.0/24");
        node("b", "172.20.0.2", "10.0.2.0/24");
        node("c", "172.20.0.3", "10.0.3.0/24");
        delete("cilium/state/nodes/v1/soak/a");
        progress("r", revision, "{\"node\":\"c\",\"version\":1}");
        node("d", "172.20.0.4", "10.0.1.0/24");
        assertThat(model.found()).singleElement().satisfies(v -> {
            assertThat(v.invariant()).isEqualTo(Invariant.REUSED_TOO_EARLY);
            assertThat(v.text()).contains("not acknowledged by [c]");
        });
    }

    @Test
    void aCidrThatIsGivenOnAfterAllAcknowledgedOrWereReleasedIsFine() {
        node("a", "172.20.0.1", "10.0.1.0/24");
        node("b", "172.20.0.2", "10.0.2.0/24");
        node("c", "172.20.0.3", "10.0.3.0/24");
        node("e", "172.20.0.5", "10.0.5.0/24");
        delete("cilium/state/nodes/v1/soak/a");
        progress("r", revision, "");
        delete("cilium/state/nodes/v1/soak/e");
        node("d", "172.20.0.4", "10.0.1.0/24");
        assertThat(model.found()).isEmpty();
    }

    @Test
    void aCidrThatIsGivenOnWhileANodeStillHasTheOldRouteIsFound() {
        StoreModel asking = new StoreModel((name, cidr) -> Optional.of("172.20.0.1"));
        node("a", "172.20.0.1", "10.0.1.0/24");
        assertThat(model.found()).isEmpty();
        NodeRecord former = NodeRecord.decode(model.raw().get("cilium/state/nodes/v1/soak/a"));
        String bText = former.encode().replace("\"a\"", "\"b\"").replace("172.20.0.1", "172.20.0.2");
        String other = former.encode()
                .replace("\"a\"", "\"c\"")
                .replace("172.20.0.1", "172.20.0.3")
                .replace("10.0.1.0", "10.0.3.0");
        asking.apply(List.of(
                new Change(1, "cilium/state/nodes/v1/soak/a", Optional.of(former.encode()), 1),
                new Change(2, "cilium/state/nodes/v1/soak/c", Optional.of(other), 2),
                new Change(3, "cilium/state/nodes/v1/soak/a", Optional.empty(), 3),
                new Change(4, "fairlead/progress/v1/routes/r/nodes", Optional.of("{\"nodes\":[{\"node\":\"c\"}]}"), 4),
                new Change(
                        5,
                        "fairlead/progress/v1/routes/r/reached",
                        Optional.of("{\"epoch\":\"e\",\"version\":3,\"least\":3,\"behind\":[],\"failed\":[]}"),
                        5),
                new Change(6, "cilium/state/nodes/v1/soak/b", Optional.of(bText), 6)));
        assertThat(asking.found())
                .singleElement()
                .satisfies(v -> assertThat(v.text()).contains("still a route of [c]"));
    }

    @Test
    void aNumberWhoseLabelsChangeIsFound() {
        put(IDS + "300", "k8s:a=1;");
        put(IDS + "300", "k8s:a=2;");
        assertThat(model.found())
                .singleElement()
                .satisfies(v -> assertThat(v.invariant()).isEqualTo(Invariant.NO_SHARED_IDENTITY));
    }

    @Test
    void aLabelSetWithTwoNumbersIsFound() {
        put(IDS + "300", "k8s:a=1;");
        put(IDS + "301", "k8s:a=1;");
        assertThat(model.found())
                .singleElement()
                .satisfies(v -> assertThat(v.invariant()).isEqualTo(Invariant.NO_DOUBLE_IDENTITY));
    }

    @Test
    void aDecidingKeyThatChangesIsFound() {
        put("fairlead/identity/v1/labels/k8s:a=1;", "300");
        put("fairlead/identity/v1/labels/k8s:a=1;", "301");
        assertThat(model.found()).hasSize(1);
    }

    @Test
    void aDecidingKeyWithoutANumberIsUnreadable() {
        put("fairlead/identity/v1/labels/k8s:app=web;", "300");
        put("fairlead/identity/v1/labels/k8s:app=web;", "0");
        put("fairlead/identity/v1/labels/k8s:app=web;", "300");
        assertThat(model.unreadable()).isEqualTo(1);
        assertThat(model.found()).isEmpty();
    }

    @Test
    void anIdentityWithoutLabelsIsUnreadable() {
        put("cilium/state/identities/v1/id/300", "k8s:app=web;");
        put("cilium/state/identities/v1/id/300", "");
        put("cilium/state/identities/v1/id/300", "k8s:app=web;");
        assertThat(model.unreadable()).isEqualTo(1);
        assertThat(model.found()).isEmpty();
    }

    @Test
    void anUnreadableValueLeavesWhatWasKnown() {
        node("a", "172.20.0.1", "10.0.1.0/24");
        put("cilium/state/nodes/v1/soak/a", "{");
        assertThat(model.unreadable()).isEqualTo(1);
        assertThat(model.subjects()).containsEntry("node/a", "10.0.1.0/24");
    }

    @Test
    void everyKindOfDifferenceOfANodesTablesIsSaid() {
        node("a", "172.20.0.1", "10.0.1.0/24");
        put(IDS + "300", "k8s:a=1;");
        NodeTables expected = ExpectedTables.of(model);
        assertThat(expected.routes()).isEqualTo(Map.of("10.0.1.0/24", "172.20.0.1"));
        assertThat(ExpectedTables.differences(expected, expected)).isEmpty();
        NodeTables other = new NodeTables(
                new TreeMap<>(Map.of("10.0.1.0/24", "172.20.0.9")), Map.of(), Map.of(300, "k8s:a=2"), Map.of());
        assertThat(ExpectedTables.differences(expected, other))
                .anySatisfy(text -> assertThat(text).contains("route 10.0.1.0/24"))
                .anySatisfy(text -> assertThat(text).contains("address 172.20.0.1/32: nothing"))
                .anySatisfy(text -> assertThat(text).contains("identity 300"));
    }
}

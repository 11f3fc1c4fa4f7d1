package io.fairlead.contract.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.NodeName;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProgressRecordTest {
    @Test
    void whatIsWrittenIsRead() {
        ProgressRecord record = new ProgressRecord(
                "e",
                12,
                Map.of(new NodeName("n1"), 0L),
                0,
                Map.of(new NodeName("n2"), Map.of("10.0.0.0/24", "no way")));
        assertThat(ProgressRecord.decode(record.encode())).isEqualTo(record);
        List<NodeName> nodes = List.of(new NodeName("a"), new NodeName("b"));
        assertThat(ProgressRecord.decodeMembers(ProgressRecord.encodeMembers(nodes)))
                .isEqualTo(nodes);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{\"version\":-1}",
                "{\"version\":\"x\"}",
                "{\"behind\":{}}",
                "{\"behind\":[{\"node\":\"a b\"}]}",
                "{\"behind\":[{\"node\":\"a\",\"version\":1.5}]}",
                "{\"failed\":[{\"node\":\"a\",\"reasons\":[]}]}"
            })
    void brokenTextsAreRefused(String text) {
        assertThatThrownBy(() -> ProgressRecord.decode(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("progress record");
    }

    @Test
    void keysLeadBackToTheirReplica() {
        OwnKeys.Table table = OwnKeys.Table.ROUTES;
        assertThat(OwnKeys.replica(table, OwnKeys.members(table, "r1"))).contains("r1");
        assertThat(OwnKeys.replica(table, OwnKeys.reached(table, "r1"))).contains("r1");
        assertThat(OwnKeys.replica(table, OwnKeys.progress(table) + "nodes")).isEmpty();
        assertThat(OwnKeys.replica(OwnKeys.Table.IDENTITIES, OwnKeys.members(table, "r1")))
                .isEmpty();
    }

    @Test
    void furtherPodCidrsAreWrittenWhereCiliumReadsThem() {
        String text = """
                {"Name":"dev1","Cluster":"default","IPAddresses":[],\
                "IPv4AllocCIDR":{"IP":"10.244.1.0","Mask":"////AA=="},\
                "IPv4SecondaryAllocCIDRs":[{"IP":"10.244.7.0","Mask":"////AA=="}],\
                "IPv6SecondaryAllocCIDRs":[{"IP":"fd00::700","Mask":"////////////////////AA=="}]}""";
        NodeRecord node = NodeRecord.decode(text);
        assertThat(node.networks().podCidrs())
                .containsExactly(Cidr.parse("10.244.1.0/24"), Cidr.parse("10.244.7.0/24"), Cidr.parse("fd00::700/120"));
        assertThat(NodeRecord.decode(node.encode())).isEqualTo(node);
        assertThatThrownBy(
                        () -> NodeRecord.decode(
                                text.replace("IPv4Secondary", "IPv6Secondary2")
                                        .replace(
                                                "IPv6SecondaryAllocCIDRs\":[{\"IP\":\"fd00::700\",\"Mask\":\"////////////////////AA==",
                                                "IPv4SecondaryAllocCIDRs\":[{\"IP\":\"fd00::700\",\"Mask\":\"////////////////////AA==")))
                .hasMessageContaining("IPv4SecondaryAllocCIDRs");
    }
}

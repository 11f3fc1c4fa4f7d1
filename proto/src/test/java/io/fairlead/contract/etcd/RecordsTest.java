package io.fairlead.contract.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RecordsTest {
    /** As an agent of 1.10 writes it, with fields we have no use for. */
    private static final String CILIUM_NODE = """
            {"Name":"dev1","Cluster":"default","IPAddresses":[{"Type":"InternalIP","IP":"192.168.1.11"},\
            {"Type":"Hostname","IP":""},{"Type":"CiliumInternalIP","IP":"10.244.1.10"}],\
            "IPv4AllocCIDR":{"IP":"10.244.1.0","Mask":"////AA=="},"IPv4SecondaryAllocCIDRs":null,\
            "IPv6AllocCIDR":null,"IPv4HealthIP":"10.244.1.99","IPv6HealthIP":"","ClusterID":0,"Source":"local",\
            "EncryptionKey":0,"Labels":{"kubernetes.io/hostname":"dev1","beta.kubernetes.io/os":"linux"},\
            "Annotations":null,"NodeIdentity":1,"WireguardPubKey":"","BootID":"9f2c"}""";

    private static final NodeRecord NODE = new NodeRecord(
            new NodeName("dev1"),
            ClusterName.DEFAULT,
            List.of(
                    new NodeRecord.Address("InternalIP", Ip.parse("192.168.1.11")),
                    new NodeRecord.Address("CiliumInternalIP", Ip.parse("10.244.1.10"))),
            new NodeRecord.Networks(
                    Optional.of(Cidr.parse("10.244.1.0/24")),
                    Optional.empty(),
                    Optional.of(Ip.parse("10.244.1.99")),
                    Optional.empty()),
            0,
            new NodeRecord.Details(
                    "local", Map.of("kubernetes.io/hostname", "dev1", "beta.kubernetes.io/os", "linux"), 1, 0));

    @Test
    void aNodeAsCiliumWritesItIsRead() {
        assertThat(NodeRecord.decode(CILIUM_NODE)).isEqualTo(NODE);
        assertThat(NODE.routable(Ip.Family.V4)).contains(Ip.parse("192.168.1.11"));
        assertThat(NODE.routable(Ip.Family.V6)).isEmpty();
    }

    @Test
    void aNodeIsWrittenAsCiliumReadsIt() {
        assertThat(NODE.encode()).isEqualTo("""
                        {"Name":"dev1","Cluster":"default","IPAddresses":[{"Type":"InternalIP","IP":"192.168.1.11"},\
                        {"Type":"CiliumInternalIP","IP":"10.244.1.10"}],\
                        "IPv4AllocCIDR":{"IP":"10.244.1.0","Mask":"////AA=="},"IPv6AllocCIDR":null,\
                        "IPv4HealthIP":"10.244.1.99","IPv6HealthIP":null,"ClusterID":0,"Source":"local",\
                        "EncryptionKey":0,"Labels":{"beta.kubernetes.io/os":"linux","kubernetes.io/hostname":"dev1"},\
                        "NodeIdentity":1}""");
        assertThat(NodeRecord.decode(NODE.encode())).isEqualTo(NODE);
    }

    @Test
    void prefixesOfBothFamiliesAndEveryLengthLeadBack() {
        Random random = new Random(5952);
        for (int length = 0; length <= 128; length++) {
            Optional<Cidr> v4 =
                    length > 32 ? Optional.empty() : Optional.of(Cidr.containing(Ip.v4(random.nextInt()), length));
            Cidr v6 = Cidr.containing(Ip.v6(random.nextLong(), random.nextLong()), length);
            NodeRecord.Networks networks =
                    new NodeRecord.Networks(v4, Optional.of(v6), Optional.empty(), Optional.of(Ip.parse("fd00::99")));
            NodeRecord node = new NodeRecord(
                    new NodeName("n"), new ClusterName("c2"), List.of(), networks, 255, NodeRecord.Details.NONE);
            assertThat(NodeRecord.decode(node.encode())).isEqualTo(node);
        }
    }

    @Test
    void fieldNamesAreMatchedAsGoDoes() {
        NodeRecord node = NodeRecord.decode("""
                {"name":"dev2","NAME":"dev3","Name":"dev1","clusterid":7,"ipaddresses":[{"type":"InternalIP","ip":"::1"}],
                 "new":{"deep":[1,2,{"x":null}]}}""");
        assertThat(node.name()).hasToString("dev1");
        assertThat(node.cluster()).isEqualTo(ClusterName.DEFAULT);
        assertThat(node.clusterId()).isEqualTo(7);
        assertThat(node.addresses()).hasSize(1);
        assertThat(node.networks().v4Alloc()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "``|node record: \"\"",
                "garbage|node record: \"garbage\"",
                "null|node record: \"null\"",
                "[]|node record: \"[]\"",
                "{|node record: \"{\"",
                "{\"Name\":\"a\"} x|node record: ",
                "{\"Name\":\"a\",\"Name\":\"b\"}|node record: ",
                "{}|node record Name: none",
                "{\"Name\":\"\"}|node record Name: none",
                "{\"Name\":7}|node record Name: 7",
                "{\"Name\":\"A\"}|node record Name: \"A\"",
                "{\"Name\":\"../a\"}|node record Name: \"../a\"",
                "{\"Name\":\"a\",\"Cluster\":\"B\"}|node record Cluster: \"B\"",
                "{\"Name\":\"a\",\"ClusterID\":256}|node record ClusterID: 256",
                "{\"Name\":\"a\",\"ClusterID\":\"1\"}|node record ClusterID: \"1\"",
                "{\"Name\":\"a\",\"ClusterID\":1.5}|node record ClusterID: 1.5",
                "{\"Name\":\"a\",\"ClusterID\":99999999999999999999}|node record ClusterID: 9999",
                "{\"Name\":\"a\",\"NodeIdentity\":-1}|node record NodeIdentity: -1",
                "{\"Name\":\"a\",\"IPAddresses\":{}}|node record IPAddresses: {}",
                "{\"Name\":\"a\",\"IPAddresses\":[7]}|node record IPAddresses: 7",
                "{\"Name\":\"a\",\"IPAddresses\":[{\"Type\":\"InternalIP\",\"IP\":\"x\"}]}|node record IPAddresses IP: \"x\"",
                "{\"Name\":\"a\",\"IPAddresses\":[{\"IP\":\"10.0.0.1\"}]}|node record IPAddresses Type: none",
                "{\"Name\":\"a\",\"IPv4AllocCIDR\":\"10.0.0.0/8\"}|node record IPv4AllocCIDR: \"10.0.0.0/8\"",
                "{\"Name\":\"a\",\"IPv4AllocCIDR\":{\"IP\":\"10.0.0.0\",\"Mask\":\"!\"}}|node record IPv4AllocCIDR Mask: \"!\"",
                "{\"Name\":\"a\",\"IPv4AllocCIDR\":{\"IP\":\"10.0.0.0\",\"Mask\":\"/w==\"}}|node record IPv4AllocCIDR Mask: \"/w==\": 1 bytes",
                "{\"Name\":\"a\",\"IPv4AllocCIDR\":{\"IP\":\"10.0.0.0\",\"Mask\":\"/wD/AA==\"}}|node record IPv4AllocCIDR Mask: \"/wD/AA==\": bits",
                "{\"Name\":\"a\",\"IPv4AllocCIDR\":{\"IP\":\"10.0.0.1\",\"Mask\":\"////AA==\"}}|node record IPv4AllocCIDR IP: \"10.0.0.1\"",
                "{\"Name\":\"a\",\"IPv4AllocCIDR\":{\"IP\":\"fd00::\"}}|node record IPv4AllocCIDR: {\"IP\":\"fd00::\"}: family V6",
                "{\"Name\":\"a\",\"IPv6HealthIP\":\"10.0.0.1\"}|node record IPv6HealthIP: \"10.0.0.1\": family V4",
                "{\"Name\":\"a\",\"Labels\":[]}|node record Labels: []",
                "{\"Name\":\"a\",\"Labels\":{\"x\":1}}|node record Labels.x: 1"
            })
    void brokenNodesAreRefusedByFieldAndValue(String text, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> NodeRecord.decode(text))
                .withMessageStartingWith(message)
                .withMessageContaining("expected:");
    }

    @Test
    void anAddressAsCiliumWritesItIsRead() {
        IpIdentityRecord pod = IpIdentityRecord.decode("""
                {"IP":"10.244.1.7","Mask":null,"HostIP":"192.168.1.11","ID":45512,"Key":0,"Metadata":"default:web-0",\
                "K8sNamespace":"default","K8sPodName":"web-0","K8sServiceAccount":"default",\
                "NamedPorts":[{"Name":"http","Port":80,"Protocol":"TCP"}]}""");
        assertThat(pod)
                .isEqualTo(new IpIdentityRecord(
                        Cidr.parse("10.244.1.7/32"),
                        Optional.of(Ip.parse("192.168.1.11")),
                        IdentityId.parse("45512"),
                        0,
                        new IpIdentityRecord.Pod("default", "web-0", "default:web-0"),
                        List.of(new IpIdentityRecord.NamedPort("http", 80, "TCP"))));
        assertThat(pod.encode()).isEqualTo("""
                        {"IP":"10.244.1.7","Mask":null,"HostIP":"192.168.1.11","ID":45512,"Key":0,\
                        "Metadata":"default:web-0","K8sNamespace":"default","K8sPodName":"web-0",\
                        "NamedPorts":[{"Name":"http","Port":80,"Protocol":"TCP"}]}""");
    }

    @Test
    void aPrefixHasAMask() {
        IpIdentityRecord prefix = new IpIdentityRecord(
                Cidr.parse("10.0.0.0/8"),
                Optional.empty(),
                new IdentityId(-1),
                255,
                IpIdentityRecord.Pod.NONE,
                List.of());
        assertThat(prefix.encode()).isEqualTo("""
                        {"IP":"10.0.0.0","Mask":"/wAAAA==","HostIP":null,"ID":4294967295,"Key":255,"Metadata":""}""");
        assertThat(IpIdentityRecord.decode(prefix.encode())).isEqualTo(prefix);
        assertThat(IpIdentityRecord.decode("{\"ip\":\"fd00::1\",\"id\":1}").address())
                .hasToString("fd00::1/128");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "7|ip record: \"7\"",
                "{}|ip record IP: none",
                "{\"IP\":\"10.0.0.1\"}|ip record ID: none",
                "{\"IP\":\"10.0.0.1\",\"ID\":null}|ip record ID: none",
                "{\"IP\":\"10.0.0.1\",\"ID\":4294967296}|ip record ID: 4294967296",
                "{\"IP\":\"10.0.0.1\",\"ID\":true}|ip record ID: true",
                "{\"IP\":\"10.0.0.256\",\"ID\":1}|ip record IP: \"10.0.0.256\"",
                "{\"IP\":\"10.0.0.1\",\"ID\":1,\"HostIP\":\"host\"}|ip record HostIP: \"host\"",
                "{\"IP\":\"10.0.0.1\",\"ID\":1,\"Mask\":[255]}|ip record Mask: [255]",
                "{\"IP\":\"10.0.0.1\",\"ID\":1,\"Mask\":\"/wAAAA==\"}|ip record IP: \"10.0.0.1\"",
                "{\"IP\":\"fd00::1\",\"ID\":1,\"Mask\":\"/wAAAA==\"}|ip record Mask: \"/wAAAA==\": 4 bytes",
                "{\"IP\":\"10.0.0.1\",\"ID\":1,\"Key\":256}|ip record Key: 256",
                "{\"IP\":\"10.0.0.1\",\"ID\":1,\"NamedPorts\":[{\"Name\":\"a\",\"Port\":65536}]}|ip record NamedPorts Port: 65536",
                "{\"IP\":\"10.0.0.1\",\"ID\":1,\"NamedPorts\":[{\"Port\":1}]}|ip record NamedPorts Name: none",
                "{\"IP\":\"10.0.0.1\",\"ID\":1,\"K8sPodName\":{}}|ip record K8sPodName: {}"
            })
    void brokenAddressesAreRefusedByFieldAndValue(String text, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> IpIdentityRecord.decode(text))
                .withMessageStartingWith(message)
                .withMessageContaining("expected:");
    }

    @Test
    void hugeAndDeepTextIsRefusedShortly() {
        for (String text : List.of("[".repeat(100_000), "{\"a\":".repeat(100_000), "x".repeat(1_000_000))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> NodeRecord.decode(text))
                    .satisfies(e -> assertThat(e.getMessage().length()).isLessThan(1000));
        }
    }
}

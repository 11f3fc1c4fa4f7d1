package io.fairlead.node.cni;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Label;
import io.fairlead.node.endpoint.Attachment;
import io.fairlead.node.endpoint.Endpoint;
import io.fairlead.node.endpoint.FakeNode;
import io.fairlead.node.endpoint.PodBlock;
import io.fairlead.node.endpoint.PodDevices;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The compiled shim against a real server: what a runtime sees. */
class ShimTest {
    private static final String OK = "";
    private static final Attachment POD = new Attachment("default-t2", "eth0");

    @TempDir
    private Path directory;

    private final FakeNode node = new FakeNode();
    private CniAgent agent;

    @BeforeEach
    void start() throws Exception {
        agent = new CniAgent(directory, node);
    }

    @AfterEach
    void stop() throws Exception {
        agent.close();
    }

    private String config(String version, String... members) {
        String more = members.length == 0 ? "" : "," + String.join(",", members).replace('\'', '"');
        return "{\"cniVersion\":\"" + version + "\",\"name\":\"fairlead\",\"type\":\"fairlead-cni\",\"socket\":\""
                + directory.resolve(CniAgent.SOCKET) + "\"" + more + "}";
    }

    private Shim.Ended run(String command, String config, String... environment) throws Exception {
        return Shim.BUILT.run(Shim.environment(command, environment), config);
    }

    private void expect(Shim.Ended ended, String output) {
        assertThat(ended).isEqualTo(new Shim.Ended(0, output));
    }

    private void expectError(Shim.Ended ended, String version, int code, String msg) {
        assertThat(ended)
                .isEqualTo(new Shim.Ended(
                        1,
                        "{\"cniVersion\":\"" + version + "\",\"code\":" + code + ",\"msg\":\""
                                + msg.replace("\"", "\\\"") + "\",\"details\":\"\"}\n"));
    }

    private static String result(String version, Endpoint endpoint) {
        String ip = endpoint.ips().get(0).toString();
        String mtu = version.equals("1.1.0") ? ",\"mtu\":1500" : "";
        String family = version.startsWith("0.") ? "\"version\":\"4\"," : "";
        return "{\"cniVersion\":\"" + version + "\",\"interfaces\":[{\"name\":\"" + endpoint.hostInterface()
                + "\",\"mac\":\"06:00:00:00:00:0a\"" + mtu + "},{\"name\":\"eth0\",\"mac\":\"02:00:00:00:00:0a\""
                + mtu + ",\"sandbox\":\"/proc/77/ns/net\"}],\"ips\":[{" + family + "\"address\":\"" + ip
                + "/32\",\"gateway\":\"10.244.2.1\",\"interface\":1}],"
                + "\"routes\":[{\"dst\":\"0.0.0.0/0\",\"gw\":\"10.244.2.1\"}],\"dns\":{}}\n";
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.3.1", "0.4.0", "1.0.0", "1.1.0"})
    void addAnswersInTheVersionAskedForAndDelTakesItBack(String version) throws Exception {
        Shim.Ended added = run("ADD", config(version));
        Endpoint endpoint = agent.endpoints.find(POD).orElseThrow();
        expect(added, result(version, endpoint));
        expect(run("ADD", config(version)), result(version, endpoint));
        expect(run("DEL", config(version)), OK);
        assertThat(node.devices()).isEmpty();
        expect(run("DEL", config(version), "CNI_NETNS="), OK);
    }

    @Test
    void whatContainerdSendsBecomesLabelsOfThePod() throws Exception {
        run(
                "ADD",
                config(
                        "1.0.0",
                        "'capabilities':{'portMappings':true}",
                        "'runtimeConfig':{'portMappings':[{'HostPort':8085,'ContainerPort':80,'Protocol':'tcp'}]}",
                        "'args':{'cni':{'labels':[{'key':'app','value':'web'},{'key':'any:x','value':'y'}]}}"),
                "CNI_ARGS=K8S_POD_UID=u;K8S_POD_NAME=web-0;IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;X=y");
        Endpoint endpoint = agent.endpoints.find(POD).orElseThrow();
        assertThat(endpoint.workload().name()).isEqualTo("shop/web-0");
        assertThat(endpoint.workload().labels().sorted())
                .extracting(Label::toString)
                .containsExactly(
                        "k8s:app=web",
                        "k8s:io.cilium.k8s.policy.cluster=default",
                        "k8s:io.kubernetes.pod.namespace=shop",
                        "any:x=y");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'runtimeConfig':{'ips':['10.244.2.77']}|",
                "'runtimeConfig':{'Ips':['10.244.2.77/24']}|",
                "'args':{'cni':{'ips':['10.244.2.77']}}|",
                "'x':1|CNI_ARGS=IP=10.244.2.77"
            })
    void addressesAreAskedForInEveryWayRuntimesDo(String member, String args) throws Exception {
        run("ADD", config("1.0.0", member), args == null ? "CNI_ARGS=" : args);
        assertThat(agent.endpoints.find(POD).orElseThrow().ips()).hasToString("[10.244.2.77]");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'ip-pool':'blue'|CNI_ARGS=",
                "'x':1|CNI_ARGS=IP_POOL=blue",
                "'ip-pool':'red'|CNI_ARGS=IP_POOL=blue"
            })
    void aPoolIsAskedForInTheConfigurationOrTheArguments(String member, String args) throws Exception {
        agent.pool.add(new PodBlock(Cidr.parse("10.99.0.0/24"), "blue"));
        run("ADD", config("1.0.0", member), args);
        assertThat(agent.endpoints.find(POD).orElseThrow().ips().get(0).toString())
                .startsWith("10.99.0.");
    }

    @Test
    void aPodOfBothFamiliesIsAnsweredWithBothAddressesAndBothRoutes() throws Exception {
        agent.close();
        agent = new CniAgent(directory, node, "10.244.2.0/24", "fd00:2::/64");
        Shim.Ended ended = run("ADD", config("1.0.0", "'runtimeConfig':{'ips':['10.244.2.7','fd00:2::7']}"));
        assertThat(ended.output())
                .contains("{\"address\":\"10.244.2.7/32\",\"gateway\":\"10.244.2.1\",\"interface\":1}")
                .contains("{\"address\":\"fd00:2::7/128\",\"gateway\":\"fd00:2::1\",\"interface\":1}")
                .contains("{\"dst\":\"0.0.0.0/0\",\"gw\":\"10.244.2.1\"}")
                .contains("{\"dst\":\"::/0\",\"gw\":\"fd00:2::1\"}");
    }

    @Test
    void theResultIsAppendedToThatOfEarlierPlugins() throws Exception {
        Shim.Ended ended = run(
                "ADD",
                config(
                        "1.0.0",
                        "'prevResult':{'cniVersion':'1.0.0','interfaces':[{'name':'x0'}],'dns':{'domain':'d'}}"));
        assertThat(ended.output())
                .contains("\"interfaces\":[{\"name\":\"x0\"},{\"name\":\"lxc")
                .contains("\"interface\":2")
                .contains("\"dns\":{\"domain\":\"d\"}");
    }

    @Test
    void checkAcceptsWhatAddMadeAndSaysWhatIsMissing() throws Exception {
        String result = run("ADD", config("1.0.0")).output().trim();
        expect(run("CHECK", config("1.0.0", "\"prevResult\":" + result)), OK);
        expectError(run("CHECK", config("1.0.0")), "1.0.0", 7, "prevResult: missing (expected: the result of ADD)");
        expectError(
                run("CHECK", config("1.0.0", "\"prevResult\":" + result), "CNI_CONTAINERID=other"),
                "1.0.0",
                3,
                "no endpoint of container other/eth0");
        node.loseDevice(POD.hostInterface());
        Shim.Ended broken = run("CHECK", config("1.0.0", "'prevResult':{}"));
        assertThat(broken.output())
                .contains("\"code\":102")
                .contains("interface eth0: missing; prevResult: no address 10.244.2.");
    }

    @Test
    void statusTellsWhetherAddCanBeServed() throws Exception {
        expect(run("STATUS", config("1.1.0")), OK);
        agent.notReady.set(Optional.of("no route snapshot yet"));
        expectError(run("STATUS", config("1.1.0")), "1.1.0", 50, "agent is not ready: no route snapshot yet");
    }

    @Test
    void addIsRefusedUntilANewPodCouldTalk() throws Exception {
        run("ADD", config("1.1.0"));
        agent.notReady.set(Optional.of("no route snapshot yet"));
        expectError(
                run("ADD", config("1.1.0"), "CNI_CONTAINERID=b", "CNI_NETNS=/run/netns/b"),
                "1.1.0",
                11,
                "agent is not ready: no route snapshot yet");
        assertThat(run("ADD", config("1.1.0")).exitCode())
                .as("a pod that is there")
                .isZero();
        assertThat(agent.endpoints.endpoints()).hasSize(1);
    }

    @Test
    void gcRemovesWhatIsNotListedAndNothingWithoutAList() throws Exception {
        run("ADD", config("1.1.0"));
        run("ADD", config("1.1.0"), "CNI_CONTAINERID=b", "CNI_NETNS=/run/netns/b");
        expect(run("GC", config("1.1.0")), OK);
        assertThat(agent.endpoints.endpoints()).hasSize(2);
        String list = "'cni.dev/valid-attachments':[{'containerID':'b','ifname':'eth0'}]";
        expect(run("GC", config("1.1.0", list)), OK);
        assertThat(agent.endpoints.endpoints())
                .extracting(e -> e.attachment().containerId())
                .containsExactly("b");
        assertThat(run("GC", config("1.1.0", "'cni.dev/valid-attachments':[{}]"))
                        .output())
                .contains("\"code\":7,\"msg\":\"cni.dev/valid-attachments: {} (expected: objects with the texts");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "ADD|1.0.0|CNI_CONTAINERID=|4|CNI_CONTAINERID: missing (expected: a letter or digit, then letters, digits, '_', '.' and '-')",
                "ADD|1.0.0|CNI_CONTAINERID=-a|4|CNI_CONTAINERID: \"-a\" (expected: a letter or digit, then letters, digits, '_', '.' and '-')",
                "ADD|1.0.0|CNI_NETNS=|4|CNI_NETNS: missing (expected: an absolute path)",
                "ADD|1.0.0|CNI_IFNAME=a/b|4|CNI_IFNAME: \"a/b\" (expected: 1 to 15 bytes, not . or .., no '/', ':' or space)",
                "DEL|1.0.0|CNI_IFNAME=0123456789abcdef|4|CNI_IFNAME: \"0123456789abcdef\" (expected: 1 to 15 bytes, not . or .., no '/', ':' or space)",
                "ADD|1.0.0|CNI_ARGS=foo|4|CNI_ARGS: \"foo\" (expected: KEY=VALUE pairs joined by ';')",
                "ADD|1.0.0|CNI_ARGS=FOO=1|4|CNI_ARGS: unknown keys [FOO] (expected: IgnoreUnknown=1 with them)",
                "ADD|0.2.0||1|cniVersion: \"0.2.0\" (expected: 0.3.1, 0.4.0, 1.0.0, 1.1.0)",
                "CHECK|0.3.1||1|cniVersion: \"0.3.1\" has no CHECK (expected: 0.4.0 or newer)",
                "STATUS|1.0.0||1|cniVersion: \"1.0.0\" has no STATUS (expected: 1.1.0 or newer)",
                "GC|0.4.0||1|cniVersion: \"0.4.0\" has no GC (expected: 1.1.0 or newer)",
                "PING|1.0.0||4|CNI_COMMAND: \"PING\" (expected: ADD, DEL, CHECK, STATUS, GC or VERSION)"
            })
    void badEnvironmentsAndVersionsAreNamed(String command, String version, String variable, int code, String msg)
            throws Exception {
        Shim.Ended ended = run(command, config(version), variable == null ? "X=y" : variable);
        expectError(ended, version, code, msg);
        assertThat(agent.endpoints.endpoints()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'ipam':{'type':'host-local'}|2|ipam.type: \"host-local\" (expected: no ipam, addresses come from the node's pod CIDRs)",
                "'runtimeConfig':{'mac':'02:00:00:00:00:01'}|2|runtimeConfig.mac: \"02:00:00:00:00:01\" (expected: absent, the node chooses it)",
                "'args':{'cni':{'labels':{}}}|7|args.cni.labels: {} (expected: a list)",
                "'args':{'cni':{'labels':[{'key':'a'}]}}|7|args.cni.labels: {\"key\":\"a\"} (expected: objects with the texts key and value)",
                "'args':{'cni':{'labels':[{'key':'a','value':';'}]}}|7|label value: \";\" of key a (expected: no ';' or control character)",
                "'prevResult':7|7|prevResult: 7 (expected: an object)",
                "'name':'/'|7|name: \"/\" (expected: a letter or digit, then letters, digits, '_', '.' and '-')",
                "'args':{'cni':{'ips':['10.244.2.7','10.244.2.8']}}|7|requested IPs: [10.244.2.7, 10.244.2.8] (expected: at most one a family)",
                "'ip-pool':7|7|ip-pool: 7 (expected: the name of a pool)",
                "'ip-pool':'Blue'|7|IP pool: \"Blue\" (expected: at most 63 small letters, digits, '-' and '.', a letter or digit first and last)",
                "'ip-pool':'blue'|101|unable to allocate IP: required IPv4 PodCIDR not available in IP pool blue",
                "'args':{'cni':{'ips':['10.9.0.1']}}|101|unable to allocate IP: provided IP is not in the valid range: 10.9.0.1 (expected: 10.244.2.0/24)"
            })
    void badConfigurationsAreNamed(String member, int code, String msg) throws Exception {
        Shim.Ended ended = run("ADD", config("1.0.0", member));
        expectError(ended, "1.0.0", code, msg);
        assertThat(agent.endpoints.endpoints()).isEmpty();
    }

    @Test
    void anotherInterfaceOfThatNameIsAClearError() throws Exception {
        node.create(new PodDevices.Spec("other0", "/proc/77/ns/net", "eth0", 1500, List.of(), List.of()));
        Shim.Ended ended = run("ADD", config("1.0.0"));
        expectError(
                ended,
                "1.0.0",
                100,
                "interface eth0 exists already in /proc/77/ns/net (expected: no interface of that name)");
    }

    @Test
    void aFailingControlPlaneMeansTryAgainLater() throws Exception {
        node.before(FakeNode.failing("identity"));
        expectError(run("ADD", config("1.0.0")), "1.0.0", 11, "unable to allocate identity: identity fails");
    }
}

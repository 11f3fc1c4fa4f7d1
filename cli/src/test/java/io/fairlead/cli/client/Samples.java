package io.fairlead.cli.client;

import com.google.protobuf.Message;
import io.fairlead.proto.agent.v1.BpfEndpoint;
import io.fairlead.proto.agent.v1.BpfIpcacheEntry;
import io.fairlead.proto.agent.v1.BpfMetric;
import io.fairlead.proto.agent.v1.ControllerStatus;
import io.fairlead.proto.agent.v1.Endpoint;
import io.fairlead.proto.agent.v1.EndpointLogEntry;
import io.fairlead.proto.agent.v1.EndpointPolicy;
import io.fairlead.proto.agent.v1.GetEndpointLogResponse;
import io.fairlead.proto.agent.v1.GetHealthResponse;
import io.fairlead.proto.agent.v1.GetStatusResponse;
import io.fairlead.proto.agent.v1.GetVersionResponse;
import io.fairlead.proto.agent.v1.IdentityEntry;
import io.fairlead.proto.agent.v1.ListBpfEndpointsResponse;
import io.fairlead.proto.agent.v1.ListBpfIpcacheResponse;
import io.fairlead.proto.agent.v1.ListBpfIpmasqResponse;
import io.fairlead.proto.agent.v1.ListBpfMetricsResponse;
import io.fairlead.proto.agent.v1.ListEndpointsResponse;
import io.fairlead.proto.agent.v1.ListIdentitiesResponse;
import io.fairlead.proto.agent.v1.ListNodesResponse;
import io.fairlead.proto.agent.v1.ListRoutesResponse;
import io.fairlead.proto.agent.v1.NodeEntry;
import io.fairlead.proto.agent.v1.NodeHealth;
import io.fairlead.proto.agent.v1.PathHealth;
import io.fairlead.proto.agent.v1.ProbeResult;
import io.fairlead.proto.agent.v1.RouteEntry;
import io.fairlead.proto.agent.v1.StatusLine;
import io.fairlead.proto.agent.v1.StatusLine.State;
import java.util.List;

/** Answers of an agent on dev1 of a three-node cluster. */
public final class Samples {
    private Samples() {}

    /** Every healthy answer. */
    public static List<Message> all() {
        return List.of(
                status(),
                endpoints(),
                identities(),
                nodes(),
                routes(),
                bpfEndpoints(),
                bpfIpcache(),
                metrics(),
                health(),
                endpointLog(),
                ipmasq(),
                version());
    }

    public static GetStatusResponse status() {
        return GetStatusResponse.newBuilder()
                .setNodeName("dev1")
                .setHealthy(true)
                .addLines(line("KVStore", "Ok   etcd by way of the services", State.STATE_OK))
                .addLines(line("Fairlead", "Ok   0.1.0", State.STATE_OK))
                .addLines(line("IPAM", "IPv4: 3/254 allocated from 10.244.0.0/24,", State.STATE_OK))
                .addLines(line("Host Routing", "BPF", State.STATE_OK))
                .addLines(line("Masquerading", "Disabled", State.STATE_DISABLED))
                .addLines(line("Clock Source for BPF", "ktime", State.STATE_OK))
                .addLines(line("KubeProxyReplacement Details", "\n  Status:   Disabled", State.STATE_DISABLED))
                .addLines(line(
                        "BPF Maps",
                        "dynamic sizing: on (ratio: 0.002500)\n  Name      Size\n  ipcache   512000",
                        State.STATE_OK))
                .addLines(line("Cluster health", "3/3 reachable (2022-01-19T06:44:27Z)", State.STATE_OK))
                .addControllers(
                        ControllerStatus.newBuilder().setName("resync-routes").setLastSuccessMs(1_700_000_000_000L))
                .addControllers(ControllerStatus.newBuilder().setName("resync-ipcache"))
                .build();
    }

    /** {@link #status()} with a failing line and a failing controller. */
    public static GetStatusResponse unhealthy() {
        GetStatusResponse.Builder status = status().toBuilder().setHealthy(false);
        status.setLines(0, line("KVStore", "Failure   quorum check failed 2 times in a row", State.STATE_FAILURE));
        status.setControllers(
                0,
                ControllerStatus.newBuilder()
                        .setName("resync-routes")
                        .setLastFailureMs(1_700_000_000_000L)
                        .setConsecutiveFailures(7)
                        .setLastError("route add 10.244.2.0/24: ENETUNREACH (Nexthop has invalid gateway)"));
        return status.build();
    }

    public static ListEndpointsResponse endpoints() {
        return ListEndpointsResponse.newBuilder()
                .addEndpoints(Endpoint.newBuilder()
                        .setId(149)
                        .setContainerId("4f2a")
                        .setInterfaceName("eth0")
                        .setHostInterface("lxc1ddf0c103b7b")
                        .setIfindex(12)
                        .setIpv4("10.244.0.25")
                        .setMac("1e:ea:b6:69:74:23")
                        .setNodeMac("c6:dc:81:06:fc:cb")
                        .setIdentity(11575)
                        .addLabels("k8s:app=cni-same")
                        .addLabels("k8s:io.kubernetes.pod.namespace=default")
                        .setState("ready")
                        .setNamespace("default")
                        .setPodName("cni-same")
                        .setPolicy(EndpointPolicy.newBuilder()
                                .setIngressEnforced(true)
                                .setId(7)
                                .setEntries(3)
                                .setRevision(12)
                                .addPolicies("NetworkPolicy default/web")))
                .addEndpoints(Endpoint.newBuilder()
                        .setId(2073)
                        .setIpv4("10.244.0.102")
                        .setIpv6("fd00::66")
                        .setState("waiting-for-identity")
                        .setPolicy(EndpointPolicy.newBuilder()
                                .setEgressEnforced(true)
                                .setAudit(true)
                                .setError("policy map is full")))
                .build();
    }

    static ListIdentitiesResponse identities() {
        return ListIdentitiesResponse.newBuilder()
                .addIdentities(IdentityEntry.newBuilder().setIdentity(1).addLabels("reserved:host"))
                .addIdentities(IdentityEntry.newBuilder()
                        .setIdentity(11575)
                        .addLabels("k8s:app=cni-same")
                        .addLabels("k8s:io.kubernetes.pod.namespace=default"))
                .addIdentities(IdentityEntry.newBuilder().setIdentity(-1).addLabels("cidr:192.0.2.1/32"))
                .build();
    }

    static ListNodesResponse nodes() {
        return ListNodesResponse.newBuilder()
                .addNodes(NodeEntry.newBuilder()
                        .setName("default/dev1")
                        .setIpv4("192.168.2.31")
                        .setIpv4PodCidr("10.244.0.0/24")
                        .setSource("local"))
                .addNodes(NodeEntry.newBuilder()
                        .setName("default/dev3")
                        .setIpv4("192.168.2.33")
                        .setIpv4PodCidr("10.244.2.0/24")
                        .setIpv6("fd01::33")
                        .setIpv6PodCidr("fd00:0:0:2::/64")
                        .setSource("kvstore"))
                .build();
    }

    public static ListRoutesResponse routes() {
        return ListRoutesResponse.newBuilder()
                .addRoutes(route(0).setDevice("fl_host")
                        .setInstalledHere(true)
                        .addAllInstalled(List.of("dev1", "dev2", "dev3")))
                .addRoutes(route(1).setDevice("ens33").setInstalledHere(true).addAllInstalled(List.of("dev1", "dev2")))
                .addRoutes(route(2).addInstalled("dev3").addFailed("dev1: ENETUNREACH: Nexthop has invalid gateway"))
                .build();
    }

    private static RouteEntry.Builder route(int node) {
        return RouteEntry.newBuilder()
                .setCidr("10.244." + node + ".0/24")
                .setNextHop("192.168.2.3" + (node + 1))
                .setNodeName("dev" + (node + 1))
                .setClusterName("default");
    }

    public static ListBpfEndpointsResponse bpfEndpoints() {
        return ListBpfEndpointsResponse.newBuilder()
                .addEndpoints(BpfEndpoint.newBuilder()
                        .setIp("10.244.0.1")
                        .setHost(true)
                        .setIdentity(1))
                .addEndpoints(BpfEndpoint.newBuilder()
                        .setIp("10.244.0.25")
                        .setId(149)
                        .setIfindex(12)
                        .setMac("1e:ea:b6:69:74:23")
                        .setNodeMac("c6:dc:81:06:fc:cb")
                        .setIdentity(11575))
                .build();
    }

    static ListBpfIpcacheResponse bpfIpcache() {
        return ListBpfIpcacheResponse.newBuilder()
                .addEntries(BpfIpcacheEntry.newBuilder().setPrefix("0.0.0.0/0").setIdentity(2))
                .addEntries(BpfIpcacheEntry.newBuilder()
                        .setPrefix("10.244.2.145/32")
                        .setIdentity(17840)
                        .setHostIp("192.168.2.33"))
                .build();
    }

    static ListBpfMetricsResponse metrics() {
        return ListBpfMetricsResponse.newBuilder()
                .addMetrics(BpfMetric.newBuilder()
                        .setReason(0)
                        .setReasonText("Success")
                        .setDirection("EGRESS")
                        .setPackets(7)
                        .setBytes(686))
                .addMetrics(BpfMetric.newBuilder()
                        .setReason(132)
                        .setReasonText("Invalid source ip")
                        .setDirection("EGRESS")
                        .setPackets(-1)
                        .setBytes(98))
                .build();
    }

    /** dev1 reaches dev2, not dev3's endpoint, and has not asked dev4 yet. */
    public static GetHealthResponse health() {
        return GetHealthResponse.newBuilder()
                .setProbeTimeMs(1_642_574_667_250L)
                .addNodes(node("dev1", 1).setLocal(true))
                .addNodes(node("dev2", 2).addHost(path("fd02::32", 1_040_000, "")))
                .addNodes(node("dev3", 3).clearEndpoint().addEndpoint(path("10.244.2.5", 0, "Connection timed out")))
                .addNodes(NodeHealth.newBuilder()
                        .setName("dev4")
                        .addHost(PathHealth.newBuilder().setIp("192.168.2.34")))
                .build();
    }

    private static NodeHealth.Builder node(String name, int number) {
        return NodeHealth.newBuilder()
                .setName(name)
                .addHost(path("192.168.2.3" + number, 287_500, ""))
                .addEndpoint(path("10.244." + (number - 1) + ".5", 1_234_567, ""));
    }

    private static PathHealth path(String ip, long nanos, String error) {
        ProbeResult result = ProbeResult.newBuilder()
                .setRttNs(nanos)
                .setError(error)
                .setProbedMs(1_642_574_667_250L)
                .build();
        return PathHealth.newBuilder().setIp(ip).setIcmp(result).setHttp(result).build();
    }

    static GetEndpointLogResponse endpointLog() {
        return GetEndpointLogResponse.newBuilder()
                .addEntries(EndpointLogEntry.newBuilder()
                        .setTimeMs(1_642_574_667_250L)
                        .setStatus("Warning")
                        .setState("ready")
                        .setMessage("endpoint was not refreshed; trying again later: away"))
                .addEntries(EndpointLogEntry.newBuilder()
                        .setTimeMs(1_642_574_660_000L)
                        .setStatus("OK")
                        .setState("ready")
                        .setMessage("State was creating"))
                .build();
    }

    static ListBpfIpmasqResponse ipmasq() {
        return ListBpfIpmasqResponse.newBuilder()
                .addPrefixes("10.0.0.0/8")
                .addPrefixes("169.254.0.0/16")
                .build();
    }

    static GetVersionResponse version() {
        return GetVersionResponse.newBuilder()
                .setVersion("0.1.0")
                .setKernel("6.18.0")
                .setJava("17.0.15")
                .build();
    }

    private static StatusLine line(String name, String text, State state) {
        return StatusLine.newBuilder()
                .setName(name)
                .setText(text)
                .setState(state)
                .build();
    }
}

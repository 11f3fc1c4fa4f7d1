package io.fairlead.node.api;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.FailureKind;
import io.fairlead.contract.Ip;
import io.fairlead.node.desired.PeerRoute;
import io.fairlead.node.endpoint.Endpoint;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.LocalEndpoint;
import io.fairlead.node.reconcile.Tables;
import io.fairlead.proto.agent.v1.AgentServiceGrpc.AgentServiceImplBase;
import io.fairlead.proto.agent.v1.BpfEndpoint;
import io.fairlead.proto.agent.v1.BpfIpcacheEntry;
import io.fairlead.proto.agent.v1.BpfMetric;
import io.fairlead.proto.agent.v1.GetStatusRequest;
import io.fairlead.proto.agent.v1.GetStatusResponse;
import io.fairlead.proto.agent.v1.GetVersionRequest;
import io.fairlead.proto.agent.v1.GetVersionResponse;
import io.fairlead.proto.agent.v1.IdentityEntry;
import io.fairlead.proto.agent.v1.ListBpfEndpointsRequest;
import io.fairlead.proto.agent.v1.ListBpfEndpointsResponse;
import io.fairlead.proto.agent.v1.ListBpfIpcacheRequest;
import io.fairlead.proto.agent.v1.ListBpfIpcacheResponse;
import io.fairlead.proto.agent.v1.ListBpfMetricsRequest;
import io.fairlead.proto.agent.v1.ListBpfMetricsResponse;
import io.fairlead.proto.agent.v1.ListEndpointsRequest;
import io.fairlead.proto.agent.v1.ListEndpointsResponse;
import io.fairlead.proto.agent.v1.ListIdentitiesRequest;
import io.fairlead.proto.agent.v1.ListIdentitiesResponse;
import io.fairlead.proto.agent.v1.ListNodesRequest;
import io.fairlead.proto.agent.v1.ListNodesResponse;
import io.fairlead.proto.agent.v1.ListRoutesRequest;
import io.fairlead.proto.agent.v1.ListRoutesResponse;
import io.fairlead.proto.agent.v1.NodeEntry;
import io.fairlead.runtime.grpc.Statuses;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers the {@code fairlead} command. Runs on the API server's threads; reads only. */
public final class AgentApi extends AgentServiceImplBase {
    private static final Logger LOGGER = LoggerFactory.getLogger(AgentApi.class);

    private static final Statuses STATUSES =
            new Statuses(failure -> failure instanceof KernelException e ? Optional.of(e.kind()) : Optional.empty());

    private final AgentView view;
    private final Executor executor;

    /**
     * @param executor where answers are made: some wait for the kernel or the distributor
     */
    public AgentApi(AgentView view, Executor executor) {
        this.view = view;
        this.executor = executor;
    }

    @Override
    public void getStatus(GetStatusRequest request, StreamObserver<GetStatusResponse> to) {
        answer(to, () -> new StatusLines(view).answer());
    }

    @Override
    public void listEndpoints(ListEndpointsRequest request, StreamObserver<ListEndpointsResponse> to) {
        answer(
                to,
                () -> ListEndpointsResponse.newBuilder()
                        .addAllEndpoints(view.endpoints().endpoints().stream()
                                .map(AgentApi::endpoint)
                                .toList())
                        .build());
    }

    @Override
    public void listIdentities(ListIdentitiesRequest request, StreamObserver<ListIdentitiesResponse> to) {
        answer(to, () -> {
            TreeMap<Integer, List<String>> sorted = new TreeMap<>(Integer::compareUnsigned);
            sorted.putAll(ReservedIdentities.LABELS);
            sorted.putAll(view.reconciler().state().identities());
            ListIdentitiesResponse.Builder response = ListIdentitiesResponse.newBuilder();
            sorted.forEach((identity, labels) -> response.addIdentities(
                    IdentityEntry.newBuilder().setIdentity(identity).addAllLabels(labels)));
            return response.build();
        });
    }

    @Override
    public void listNodes(ListNodesRequest request, StreamObserver<ListNodesResponse> to) {
        answer(to, () -> {
            TreeMap<String, NodeEntry.Builder> nodes = new TreeMap<>();
            for (PeerRoute route : view.reconciler().state().routes().values()) {
                String name = route.clusterName() + "/" + route.nodeName();
                boolean local = view.node().owns(route);
                NodeEntry.Builder node = nodes.computeIfAbsent(
                        name, n -> NodeEntry.newBuilder().setName(n).setSource(local ? "local" : "kvstore"));
                if (route.cidr().family() == Ip.Family.V4) {
                    node.setIpv4(route.nextHop().toString())
                            .setIpv4PodCidr(route.cidr().toString());
                } else {
                    node.setIpv6(route.nextHop().toString())
                            .setIpv6PodCidr(route.cidr().toString());
                }
            }
            ListNodesResponse.Builder response = ListNodesResponse.newBuilder();
            nodes.values().forEach(response::addNodes);
            return response.build();
        });
    }

    @Override
    public void listRoutes(ListRoutesRequest request, StreamObserver<ListRoutesResponse> to) {
        answer(to, () -> new RouteList(view).answer());
    }

    @Override
    public void listBpfEndpoints(ListBpfEndpointsRequest request, StreamObserver<ListBpfEndpointsResponse> to) {
        answer(to, () -> {
            ListBpfEndpointsResponse.Builder response = ListBpfEndpointsResponse.newBuilder();
            kernel().endpoints().entrySet().stream()
                    .sorted(Map.Entry.comparingByKey())
                    .forEach(entry -> response.addEndpoints(bpfEndpoint(entry.getKey(), entry.getValue())));
            return response.build();
        });
    }

    @Override
    public void listBpfIpcache(ListBpfIpcacheRequest request, StreamObserver<ListBpfIpcacheResponse> to) {
        answer(to, () -> {
            ListBpfIpcacheResponse.Builder response = ListBpfIpcacheResponse.newBuilder();
            kernel().ipcache().entrySet().stream()
                    .sorted(Map.Entry.<Cidr, io.fairlead.node.kernel.IpcacheEntry>comparingByKey())
                    .forEach(entry -> response.addEntries(BpfIpcacheEntry.newBuilder()
                            .setPrefix(entry.getKey().toString())
                            .setIdentity(entry.getValue().identity().value())
                            .setHostIp(entry.getValue().host().map(Ip::toString).orElse(""))));
            return response.build();
        });
    }

    @Override
    public void listBpfMetrics(ListBpfMetricsRequest request, StreamObserver<ListBpfMetricsResponse> to) {
        answer(to, () -> {
            ListBpfMetricsResponse.Builder response = ListBpfMetricsResponse.newBuilder();
            view.metrics()
                    .get()
                    .forEach(metric -> response.addMetrics(BpfMetric.newBuilder()
                            .setReason(metric.reason())
                            .setReasonText(metric.text())
                            .setDirection(metric.direction().name())
                            .setPackets(metric.packets())
                            .setBytes(metric.bytes())));
            return response.build();
        });
    }

    @Override
    public void getVersion(GetVersionRequest request, StreamObserver<GetVersionResponse> to) {
        answer(
                to,
                () -> GetVersionResponse.newBuilder()
                        .setVersion(view.version())
                        .setKernel(System.getProperty("os.version"))
                        .setJava(System.getProperty("java.version"))
                        .build());
    }

    /** The kernel's own content, read now. */
    private Tables kernel() {
        try {
            return view.reconciler().readKernel().get(3, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e.getCause());
        } catch (TimeoutException e) {
            throw new KernelException("reading the kernel's tables", 0, "not done within 3 s", FailureKind.RETRY);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KernelException("reading the kernel's tables", 0, "the agent stops", FailureKind.RETRY);
        }
    }

    private <T> void answer(StreamObserver<T> to, Supplier<T> answer) {
        executor.execute(() -> answerNow(to, answer));
    }

    private static <T> void answerNow(StreamObserver<T> to, Supplier<T> answer) {
        T response;
        try {
            response = answer.get();
        } catch (RuntimeException e) {
            LOGGER.atWarn().addKeyValue("error", e.getMessage()).log("question of the fairlead command failed");
            to.onError(STATUSES.toStatus(e));
            return;
        }
        to.onNext(response);
        to.onCompleted();
    }

    private static io.fairlead.proto.agent.v1.Endpoint endpoint(Endpoint endpoint) {
        var message = io.fairlead.proto.agent.v1.Endpoint.newBuilder()
                .setId(endpoint.id().value())
                .setContainerId(endpoint.attachment().containerId())
                .setInterfaceName(endpoint.attachment().ifname())
                .setHostInterface(endpoint.hostInterface())
                .addAllLabels(endpoint.workload().labels().texts())
                .setState(endpoint.state().text())
                .setNamespace(endpoint.workload().namespace().orElse(""))
                .setPodName(endpoint.workload().pod().orElse(""));
        endpoint.ips().forEach(ip -> {
            if (ip.isV4()) {
                message.setIpv4(ip.toString());
            } else {
                message.setIpv6(ip.toString());
            }
        });
        endpoint.identity().ifPresent(identity -> message.setIdentity(identity.value()));
        endpoint.device()
                .ifPresent(device -> message.setIfindex(device.ifindex())
                        .setMac(device.mac().toString())
                        .setNodeMac(device.nodeMac().toString()));
        return message.build();
    }

    private static BpfEndpoint bpfEndpoint(Ip ip, LocalEndpoint endpoint) {
        return BpfEndpoint.newBuilder()
                .setIp(ip.toString())
                .setHost(endpoint.host())
                .setId(endpoint.id())
                .setFlags(endpoint.host() ? 1 : 0)
                .setIfindex(endpoint.ifindex())
                .setMac(endpoint.mac().toString())
                .setNodeMac(endpoint.nodeMac().toString())
                .setIdentity(endpoint.identity().value())
                .build();
    }
}

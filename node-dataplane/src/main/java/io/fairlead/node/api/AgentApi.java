package io.fairlead.node.api;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.node.desired.PeerRoute;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.proto.agent.v1.AgentServiceGrpc.AgentServiceImplBase;
import io.fairlead.proto.agent.v1.ExplainRequest;
import io.fairlead.proto.agent.v1.ExplainResponse;
import io.fairlead.proto.agent.v1.FlushBpfCtRequest;
import io.fairlead.proto.agent.v1.FlushBpfCtResponse;
import io.fairlead.proto.agent.v1.GetEndpointLogRequest;
import io.fairlead.proto.agent.v1.GetEndpointLogResponse;
import io.fairlead.proto.agent.v1.GetHealthRequest;
import io.fairlead.proto.agent.v1.GetHealthResponse;
import io.fairlead.proto.agent.v1.GetStatusRequest;
import io.fairlead.proto.agent.v1.GetStatusResponse;
import io.fairlead.proto.agent.v1.GetVersionRequest;
import io.fairlead.proto.agent.v1.GetVersionResponse;
import io.fairlead.proto.agent.v1.IdentityEntry;
import io.fairlead.proto.agent.v1.ListBpfCtRequest;
import io.fairlead.proto.agent.v1.ListBpfCtResponse;
import io.fairlead.proto.agent.v1.ListBpfEndpointsRequest;
import io.fairlead.proto.agent.v1.ListBpfEndpointsResponse;
import io.fairlead.proto.agent.v1.ListBpfIpcacheRequest;
import io.fairlead.proto.agent.v1.ListBpfIpcacheResponse;
import io.fairlead.proto.agent.v1.ListBpfIpmasqRequest;
import io.fairlead.proto.agent.v1.ListBpfIpmasqResponse;
import io.fairlead.proto.agent.v1.ListBpfMetricsRequest;
import io.fairlead.proto.agent.v1.ListBpfMetricsResponse;
import io.fairlead.proto.agent.v1.ListBpfNatRequest;
import io.fairlead.proto.agent.v1.ListBpfNatResponse;
import io.fairlead.proto.agent.v1.ListBpfPolicyRequest;
import io.fairlead.proto.agent.v1.ListBpfPolicyResponse;
import io.fairlead.proto.agent.v1.ListEndpointsRequest;
import io.fairlead.proto.agent.v1.ListEndpointsResponse;
import io.fairlead.proto.agent.v1.ListIdentitiesRequest;
import io.fairlead.proto.agent.v1.ListIdentitiesResponse;
import io.fairlead.proto.agent.v1.ListNodesRequest;
import io.fairlead.proto.agent.v1.ListNodesResponse;
import io.fairlead.proto.agent.v1.ListRoutesRequest;
import io.fairlead.proto.agent.v1.ListRoutesResponse;
import io.fairlead.proto.agent.v1.MonitorRequest;
import io.fairlead.proto.agent.v1.MonitorResponse;
import io.fairlead.proto.agent.v1.NodeEntry;
import io.fairlead.runtime.grpc.Statuses;
import io.grpc.stub.StreamObserver;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers the {@code fairlead} command. Runs on the API server's threads; reads only. */
public final class AgentApi extends AgentServiceImplBase {
    private static final Logger LOGGER = LoggerFactory.getLogger(AgentApi.class);

    private static final Statuses STATUSES =
            new Statuses(failure -> failure instanceof KernelException e ? Optional.of(e.kind()) : Optional.empty());

    private final AgentView view;
    private final AgentAnswers answers;
    private final KernelLists kernel;
    private final Executor executor;

    /**
     * @param view the agent's core
     * @param answers of its other parts
     * @param executor where answers are made: some wait for the kernel or the distributor
     */
    public AgentApi(AgentView view, AgentAnswers answers, Executor executor) {
        this.view = view;
        this.answers = answers;
        this.kernel = new KernelLists(view);
        this.executor = executor;
    }

    @Override
    public void getStatus(GetStatusRequest request, StreamObserver<GetStatusResponse> to) {
        answer(to, () -> new StatusLines(view).answer());
    }

    @Override
    public void listEndpoints(ListEndpointsRequest request, StreamObserver<ListEndpointsResponse> to) {
        answer(to, answers.endpoints()::list);
    }

    @Override
    public void getEndpointLog(GetEndpointLogRequest request, StreamObserver<GetEndpointLogResponse> to) {
        answer(to, () -> answers.endpoints().log(request));
    }

    @Override
    public void listIdentities(ListIdentitiesRequest request, StreamObserver<ListIdentitiesResponse> to) {
        answer(to, () -> {
            TreeMap<Integer, List<String>> sorted = new TreeMap<>(Integer::compareUnsigned);
            sorted.putAll(ReservedIdentities.LABELS);
            sorted.putAll(view.reconciler().state().identities());
            sorted.putAll(view.reconciler().policies().prefixLabels());
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
            List<PeerRoute> routes = view.reconciler().state().routes().values().stream()
                    .sorted(Comparator.comparing(PeerRoute::cidr))
                    .toList();
            for (PeerRoute route : routes) {
                String name = route.clusterName() + "/" + route.nodeName();
                boolean local = view.node().owns(route);
                NodeEntry.Builder node = nodes.computeIfAbsent(
                        name, n -> NodeEntry.newBuilder().setName(n).setSource(local ? "local" : "kvstore"));
                if (route.cidr().family() == Ip.Family.V4) {
                    node.setIpv4(route.nextHop().toString()).setIpv4PodCidr(also(node.getIpv4PodCidr(), route.cidr()));
                } else {
                    node.setIpv6(route.nextHop().toString()).setIpv6PodCidr(also(node.getIpv6PodCidr(), route.cidr()));
                }
            }
            ListNodesResponse.Builder response = ListNodesResponse.newBuilder();
            nodes.values().forEach(response::addNodes);
            return response.build();
        });
    }

    /** A node may have several pod CIDRs of a family. */
    private static String also(String cidrs, Cidr cidr) {
        return cidrs.isEmpty() ? cidr.toString() : cidrs + ", " + cidr;
    }

    @Override
    public void listRoutes(ListRoutesRequest request, StreamObserver<ListRoutesResponse> to) {
        answer(to, () -> new RouteList(view).answer());
    }

    @Override
    public void listBpfEndpoints(ListBpfEndpointsRequest request, StreamObserver<ListBpfEndpointsResponse> to) {
        answer(to, kernel::endpoints);
    }

    @Override
    public void listBpfIpcache(ListBpfIpcacheRequest request, StreamObserver<ListBpfIpcacheResponse> to) {
        answer(to, kernel::ipcache);
    }

    @Override
    public void listBpfMetrics(ListBpfMetricsRequest request, StreamObserver<ListBpfMetricsResponse> to) {
        answer(to, kernel::metrics);
    }

    @Override
    public void listBpfCt(ListBpfCtRequest request, StreamObserver<ListBpfCtResponse> to) {
        answer(to, () -> answers.connections().connections(request));
    }

    @Override
    public void flushBpfCt(FlushBpfCtRequest request, StreamObserver<FlushBpfCtResponse> to) {
        answer(to, () -> answers.connections().flush(request));
    }

    @Override
    public void listBpfNat(ListBpfNatRequest request, StreamObserver<ListBpfNatResponse> to) {
        answer(to, () -> answers.connections().translations(request));
    }

    @Override
    public void listBpfPolicy(ListBpfPolicyRequest request, StreamObserver<ListBpfPolicyResponse> to) {
        answer(to, () -> answers.policies().list(request));
    }

    @Override
    public void listBpfIpmasq(ListBpfIpmasqRequest request, StreamObserver<ListBpfIpmasqResponse> to) {
        answer(to, () -> KernelLists.ipmasq(answers.notMasqueraded().get()));
    }

    @Override
    public void monitor(MonitorRequest request, StreamObserver<MonitorResponse> to) {
        answers.monitor().monitor(request, to);
    }

    @Override
    public void getHealth(GetHealthRequest request, StreamObserver<GetHealthResponse> to) {
        answer(to, () -> answers.health().answer(request));
    }

    @Override
    public void explain(ExplainRequest request, StreamObserver<ExplainResponse> to) {
        answer(to, () -> answers.explain().explain(request));
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
}

package io.fairlead.node.api;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.FailureKind;
import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.IpcacheEntry;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.LocalEndpoint;
import io.fairlead.node.reconcile.Tables;
import io.fairlead.proto.agent.v1.BpfEndpoint;
import io.fairlead.proto.agent.v1.BpfIpcacheEntry;
import io.fairlead.proto.agent.v1.BpfMetric;
import io.fairlead.proto.agent.v1.ListBpfEndpointsResponse;
import io.fairlead.proto.agent.v1.ListBpfIpcacheResponse;
import io.fairlead.proto.agent.v1.ListBpfIpmasqResponse;
import io.fairlead.proto.agent.v1.ListBpfMetricsResponse;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The kernel's own content, read when asked for. */
final class KernelLists {
    private final AgentView view;

    KernelLists(AgentView view) {
        this.view = view;
    }

    ListBpfEndpointsResponse endpoints() {
        ListBpfEndpointsResponse.Builder response = ListBpfEndpointsResponse.newBuilder();
        kernel().endpoints().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(entry -> response.addEndpoints(endpoint(entry.getKey(), entry.getValue())));
        return response.build();
    }

    ListBpfIpcacheResponse ipcache() {
        ListBpfIpcacheResponse.Builder response = ListBpfIpcacheResponse.newBuilder();
        kernel().ipcache().entrySet().stream()
                .sorted(Map.Entry.<Cidr, IpcacheEntry>comparingByKey())
                .forEach(entry -> response.addEntries(BpfIpcacheEntry.newBuilder()
                        .setPrefix(entry.getKey().toString())
                        .setIdentity(entry.getValue().identity().value())
                        .setHostIp(entry.getValue().host().map(Ip::toString).orElse(""))));
        return response.build();
    }

    ListBpfMetricsResponse metrics() {
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
    }

    static ListBpfIpmasqResponse ipmasq(Collection<Cidr> prefixes) {
        ListBpfIpmasqResponse.Builder response = ListBpfIpmasqResponse.newBuilder();
        prefixes.stream().sorted().forEach(prefix -> response.addPrefixes(prefix.toString()));
        return response.build();
    }

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

    private static BpfEndpoint endpoint(Ip ip, LocalEndpoint endpoint) {
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

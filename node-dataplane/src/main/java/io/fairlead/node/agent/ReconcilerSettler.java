package io.fairlead.node.agent;

import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.node.desired.Pod;
import io.fairlead.node.endpoint.DatapathSettler;
import io.fairlead.node.endpoint.Device;
import io.fairlead.node.endpoint.Endpoint;
import io.fairlead.node.endpoint.EndpointException;
import io.fairlead.node.kernel.Hook;
import io.fairlead.node.reconcile.Reconciler;
import io.fairlead.node.reconcile.Report;
import io.fairlead.node.reconcile.TableId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Puts pods into the desired state and waits for the reconciler to have them in the kernel. */
final class ReconcilerSettler implements DatapathSettler {
    private final Reconciler reconciler;
    private final Duration deadline;
    private final Map<String, Pod> adopted = new HashMap<>(); // owned by: the thread that starts the agent

    ReconcilerSettler(Reconciler reconciler, Duration deadline) {
        this.reconciler = reconciler;
        this.deadline = deadline;
    }

    @Override
    public void prepare(Endpoint endpoint) {
        int ifindex = endpoint.device()
                .orElseThrow(() -> missing(endpoint, "devices"))
                .ifindex();
        var unused = reconciler.update(state -> state.withPrepared(endpoint.hostInterface(), ifindex));
    }

    @Override
    public void settle(Endpoint endpoint) {
        Pod pod = pod(endpoint);
        Report report = await("endpoint " + endpoint.id(), reconciler.update(state -> state.withPod(pod)));
        List<String> failures = failures(pod, report);
        if (!failures.isEmpty()) {
            throw new EndpointException(
                    EndpointException.Reason.UNAVAILABLE,
                    "endpoint " + endpoint.id() + " is not in the kernel: " + String.join("; ", failures));
        }
        // not waited for: from_host judges what comes in, the second door may take its grace period
        var unused = reconciler.update(
                state -> pod.equals(state.pods().get(pod.device())) ? state.withPod(pod.withGuard()) : state);
    }

    @Override
    public void adopt(Endpoint endpoint) {
        adopted.put(endpoint.hostInterface(), pod(endpoint).withGuard());
    }

    /** Gives the reconciler all adopted pods at once: from now on it may remove what belongs to no pod. */
    void adoptionsComplete() {
        Map<String, Pod> pods = Map.copyOf(adopted);
        await("restored endpoints", reconciler.update(state -> state.withPods(pods)));
    }

    @Override
    public void unsettle(Endpoint endpoint) {
        await(
                "removal of endpoint " + endpoint.id(),
                reconciler.update(state -> state.withoutPod(endpoint.hostInterface())));
    }

    private Report await(String what, Future<Report> outcome) {
        try {
            return outcome.get(deadline.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new EndpointException(
                    EndpointException.Reason.UNAVAILABLE, what + ": not done within " + deadline.toSeconds() + " s", e);
        } catch (ExecutionException e) {
            throw new EndpointException(EndpointException.Reason.UNAVAILABLE, what + ": " + e.getCause(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new EndpointException(EndpointException.Reason.UNAVAILABLE, what + ": interrupted", e);
        }
    }

    /** What of a pod's entries the kernel did not take. */
    private static List<String> failures(Pod pod, Report report) {
        List<String> failures = new ArrayList<>();
        Map<TableId, Object> first = Map.of(
                TableId.INTERFACES, pod.ifindex(), TableId.LINKS, new Hook(pod.device(), Hook.Direction.INGRESS));
        first.forEach((table, key) -> add(failures, report, table, key));
        pod.ipv4().ifPresent(ip -> add(failures, report, TableId.ENDPOINTS, ip));
        pod.ipv6().ifPresent(ip -> add(failures, report, TableId.ENDPOINTS, ip));
        for (TableId table : List.of(TableId.ENDPOINTS, TableId.INTERFACES, TableId.LINKS)) {
            Optional.ofNullable(report.unreadable().get(table)).ifPresent(failures::add);
        }
        return failures;
    }

    private static void add(List<String> failures, Report report, TableId table, Object key) {
        Optional.ofNullable(report.failures().getOrDefault(table, Map.of()).get(key))
                .ifPresent(failures::add);
    }

    private static Pod pod(Endpoint endpoint) {
        Device device = endpoint.device().orElseThrow(() -> missing(endpoint, "devices"));
        IdentityId identity = endpoint.identity().orElseThrow(() -> missing(endpoint, "identity"));
        return new Pod(
                endpoint.id().value(),
                endpoint.hostInterface(),
                device.ifindex(),
                identity,
                endpoint.ips().stream().filter(Ip::isV4).findFirst(),
                endpoint.ips().stream().filter(ip -> !ip.isV4()).findFirst(),
                device.mac(),
                device.nodeMac(),
                false);
    }

    private static IllegalArgumentException missing(Endpoint endpoint, String part) {
        return new IllegalArgumentException(
                "endpoint " + endpoint.id() + ": no " + part + " (expected: a whole endpoint)");
    }
}

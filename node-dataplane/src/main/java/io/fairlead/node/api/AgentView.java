package io.fairlead.node.api;

import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.endpoint.AddressPool;
import io.fairlead.node.endpoint.EndpointManager;
import io.fairlead.node.kernel.bpf.Metric;
import io.fairlead.node.reconcile.Reconciler;
import io.fairlead.node.status.Controllers;
import io.fairlead.proto.route.v1.RouteServiceGrpc.RouteServiceBlockingStub;
import java.util.List;
import java.util.function.Supplier;

/**
 * What answers are made from.
 *
 * @param node this node
 * @param reconciler what is desired and what the kernel holds
 * @param endpoints pods of this node
 * @param addresses the pods' addresses
 * @param metrics the datapath's counters
 * @param controllers what runs over and over
 * @param distributor the route distributor; its calls have a deadline
 * @param version of the agent
 * @param inputs what status says of other parts
 */
public record AgentView(
        LocalNode node,
        Reconciler reconciler,
        EndpointManager endpoints,
        AddressPool addresses,
        Supplier<List<Metric>> metrics,
        Controllers controllers,
        RouteServiceBlockingStub distributor,
        String version,
        StatusInputs inputs) {}

package io.fairlead.node.cni;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Labels;
import io.fairlead.node.endpoint.Attachment;
import io.fairlead.node.endpoint.Device;
import io.fairlead.node.endpoint.Endpoint;
import io.fairlead.node.endpoint.EndpointManager;
import io.fairlead.node.endpoint.EndpointRequest;
import io.fairlead.node.endpoint.PodLabels;
import io.fairlead.node.endpoint.Workload;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Carries out the commands of the CNI specification. Calls block; any thread may call. */
public final class CniCommands {
    private static final Logger LOGGER = LoggerFactory.getLogger(CniCommands.class);
    private final EndpointManager endpoints;
    private final ClusterName cluster;
    private final Supplier<Optional<String>> notReady;
    private final CniMetrics metrics;

    /**
     * @param notReady why the agent cannot serve an ADD now, if so: what STATUS tells
     * @param registry where requests are counted
     */
    public CniCommands(
            EndpointManager endpoints,
            ClusterName cluster,
            Supplier<Optional<String>> notReady,
            MeterRegistry registry) {
        this.endpoints = endpoints;
        this.cluster = cluster;
        this.notReady = notReady;
        this.metrics = new CniMetrics(registry);
    }

    CniReply run(CniRequest request) {
        return metrics.measured(request, () -> answer(request));
    }

    private CniReply answer(CniRequest request) {
        String version = CniReply.FALLBACK_VERSION;
        try {
            CniConfig config = request.config();
            version = config.versionText();
            CniCommand command = request.command();
            if (command != CniCommand.VERSION) {
                requireVersion(config.version(), command);
            }
            return switch (command) {
                case ADD -> add(request, config);
                case DEL -> delete(request);
                case CHECK -> check(request, config);
                case STATUS -> status();
                case GC -> collect(config);
                case VERSION -> versions(version);
            };
        } catch (RuntimeException e) {
            CniException failure = CniFailures.of(e);
            LOGGER.atWarn()
                    .addKeyValue("command", request.environment().get("CNI_COMMAND"))
                    .addKeyValue("container", request.environment().get("CNI_CONTAINERID"))
                    .addKeyValue("code", failure.code().number())
                    .addKeyValue("reason", failure.getMessage())
                    .setCause(failure.code() == CniCode.INTERNAL ? e : null)
                    .log("CNI command failed");
            return CniReply.failure(version, failure);
        }
    }

    private CniReply add(CniRequest request, CniConfig config) {
        Attachment attachment = request.attachment(true);
        CniArgs args = request.args();
        config.refuseUnsupported();
        Workload workload = new Workload(args.namespace(), args.pod(), labels(config, args));
        if (endpoints.find(attachment).isEmpty()) {
            // a pod that is there is told again at any time; a new one could not talk yet
            notReady.get().ifPresent(reason -> {
                throw new CniException(CniCode.TRY_AGAIN, "agent is not ready: " + reason);
            });
        }
        Optional<ObjectNode> previous = config.prevResult();
        Endpoint endpoint = endpoints.add(new EndpointRequest(
                attachment, request.netns(), config.network(), workload, config.requestedIps(args), config.pool(args)));
        Device device = endpoint.device().orElseThrow(() -> new IllegalStateException("a ready endpoint has a device"));
        return CniReply.of(CniResult.of(config.version(), endpoint, device, previous));
    }

    /** A DEL the shim kept: only the attachment counts. Throws when it must be tried again. */
    void runQueued(CniRequest request) {
        delete(request);
    }

    /** Asks for as little as it can: after all, what it removes may be half gone. */
    private CniReply delete(CniRequest request) {
        endpoints.delete(request.attachment(false));
        return CniReply.EMPTY;
    }

    private CniReply check(CniRequest request, CniConfig config) {
        Attachment attachment = request.attachment(true);
        ObjectNode previous = config.prevResult()
                .orElseThrow(() ->
                        new CniException(CniCode.INVALID_CONFIG, "prevResult: missing (expected: the result of ADD)"));
        List<String> differences = new ArrayList<>(endpoints.check(attachment));
        Endpoint endpoint = endpoints
                .find(attachment)
                .orElseThrow(
                        () -> new CniException(CniCode.UNKNOWN_CONTAINER, "no endpoint of container " + attachment));
        for (Ip ip : endpoint.ips()) {
            if (!mentions(previous, ip)) {
                differences.add("prevResult: no address " + ip + ", which the pod has");
            }
        }
        if (!differences.isEmpty()) {
            throw new CniException(
                    CniCode.CHECK_FAILED,
                    "container " + attachment + " is not as it was made",
                    String.join("; ", differences));
        }
        return CniReply.EMPTY;
    }

    private CniReply status() {
        Optional<String> reason = notReady.get().or(endpoints::unavailable);
        if (reason.isPresent()) {
            throw new CniException(CniCode.NOT_AVAILABLE, "agent is not ready: " + reason.get());
        }
        return CniReply.EMPTY;
    }

    private CniReply collect(CniConfig config) {
        Optional<Set<Attachment>> valid = config.validAttachments();
        List<String> failures =
                valid.map(set -> endpoints.retain(config.network(), set)).orElse(List.of());
        if (!failures.isEmpty()) {
            throw new CniException(
                    CniCode.GC_INCOMPLETE,
                    failures.size() + " endpoints were not removed",
                    String.join("; ", failures));
        }
        return CniReply.EMPTY;
    }

    private static CniReply versions(String version) {
        ObjectNode result = JsonNodeFactory.instance.objectNode().put("cniVersion", version);
        ArrayNode supported = result.putArray("supportedVersions");
        for (CniVersion each : CniVersion.values()) {
            supported.add(each.text());
        }
        return CniReply.of(result);
    }

    private Labels labels(CniConfig config, CniArgs args) {
        try {
            return PodLabels.of(config.labels(), args.namespace(), args.pod(), cluster);
        } catch (IllegalArgumentException e) {
            throw new CniException(CniCode.INVALID_CONFIG, e.getMessage(), "", e);
        }
    }

    private static boolean mentions(ObjectNode result, Ip ip) {
        for (JsonNode entry : result.path("ips")) {
            if (entry.path("address").asText().equals(ip.toCidr().toString())) {
                return true;
            }
        }
        return false;
    }

    private static void requireVersion(CniVersion version, CniCommand command) {
        if (!version.atLeast(command.since())) {
            throw new CniException(
                    CniCode.INCOMPATIBLE_VERSION,
                    "cniVersion: \"" + version.text() + "\" has no " + command + " (expected: "
                            + command.since().text() + " or newer)");
        }
    }
}

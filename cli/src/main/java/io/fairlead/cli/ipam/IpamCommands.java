package io.fairlead.cli.ipam;

import io.fairlead.cli.client.AgentException;
import io.fairlead.cli.client.ServiceConnection;
import io.fairlead.cli.command.Invocation;
import io.fairlead.cli.command.Run;
import io.fairlead.cli.command.ServiceAddress;
import io.fairlead.cli.command.Specs;
import io.fairlead.cli.command.TlsOptions;
import io.fairlead.cli.output.Answer;
import io.fairlead.contract.Cidr;
import io.fairlead.proto.ipam.v1.AddPoolCidrsRequest;
import io.fairlead.proto.ipam.v1.IpamServiceGrpc;
import io.fairlead.proto.ipam.v1.IpamServiceGrpc.IpamServiceBlockingStub;
import io.fairlead.proto.ipam.v1.ListPoolsRequest;
import io.fairlead.proto.ipam.v1.ListWithheldRequest;
import io.grpc.StatusRuntimeException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** {@code ipam pools}, {@code ipam pools add} and {@code ipam withheld}. */
public final class IpamCommands {
    private static final String ADDRESS = "--ipam-service-address";
    private static final String ADDRESS_VARIABLE = "FAIRLEAD_IPAM_SERVICE_ADDRESS";
    private static final String ADDRESS_DEFAULT = "127.0.0.1:7302";
    private static final String MASK_SIZE = "--mask-size";
    /** Room for every withheld block of the largest cluster with the nodes it waits for. */
    private static final int ANSWER_BYTES = 64 << 20;

    private IpamCommands() {}

    /** The whole group. */
    public static CommandSpec spec() {
        CommandSpec pools = leaf(
                "pools",
                "Where nodes' pod CIDRs come from, and how much of it is taken.",
                call -> ask(
                        call,
                        stub -> new PoolsAnswer(stub.listPools(ListPoolsRequest.getDefaultInstance())
                                .getPoolsList())));
        return Specs.described("ipam", "ipam", "Addresses of the whole cluster.")
                .addSubcommand("pools", pools.addSubcommand("add", add()))
                .addSubcommand(
                        "withheld",
                        leaf(
                                "withheld",
                                "Pod CIDRs that were given back and wait for nodes to acknowledge that.",
                                call -> ask(
                                        call,
                                        stub -> new WithheldAnswer(
                                                stub.listWithheld(ListWithheldRequest.getDefaultInstance())
                                                        .getCidrsList()))));
    }

    private static CommandSpec add() {
        return leaf(
                        "add",
                        "Makes a pool, or appends CIDRs to one. Nothing takes a CIDR away again.",
                        IpamCommands::runAdd)
                .addPositional(PositionalParamSpec.builder()
                        .index("0")
                        .paramLabel("NAME")
                        .type(String.class)
                        .required(true)
                        .description("Name of the pool; nodes that name none use default.")
                        .build())
                .addPositional(PositionalParamSpec.builder()
                        .index("1..*")
                        .arity("1..*")
                        .paramLabel("CIDR")
                        .type(List.class)
                        .auxiliaryTypes(String.class)
                        .required(true)
                        .description("A CIDR of either family, such as 10.8.0.0/16.")
                        .build())
                .addOption(OptionSpec.builder(MASK_SIZE)
                        .type(Integer.class)
                        .paramLabel("N")
                        .description("Prefix length of a node's pod CIDR. Default: the pool's own; of a new pool 24 for"
                                + " IPv4 and 120 for IPv6")
                        .build());
    }

    private static int runAdd(Invocation call) {
        AddPoolCidrsRequest.Builder request =
                AddPoolCidrsRequest.newBuilder().setPool(call.arguments(0).get(0));
        for (String text : call.arguments(1)) {
            try {
                request.addCidrs(Cidr.parse(text).toString());
            } catch (IllegalArgumentException e) {
                throw call.mistake("CIDR: " + e.getMessage());
            }
        }
        call.<Integer>option(MASK_SIZE).ifPresent(mask -> {
            if (mask < 1 || mask > 126) {
                throw call.mistake(MASK_SIZE + ": " + mask + " (expected: 1 to 126)");
            }
            request.setMaskSize(mask);
        });
        return ask(
                call,
                stub -> new PoolsAnswer(
                        List.of(stub.addPoolCidrs(request.build()).getPool())));
    }

    private static int ask(Invocation call, Function<IpamServiceBlockingStub, Answer> question) {
        String text = call.<String>option(ADDRESS)
                .orElseGet(() -> call.console().environment().getOrDefault(ADDRESS_VARIABLE, ADDRESS_DEFAULT));
        List<InetSocketAddress> address = ServiceAddress.parse(call.spec(), ADDRESS, text);
        try (ServiceConnection connection =
                new ServiceConnection("ipam-service", address, TlsOptions.of(call), ANSWER_BYTES)) {
            return call.show(answer(connection, call, question));
        }
    }

    private static Answer answer(
            ServiceConnection connection, Invocation call, Function<IpamServiceBlockingStub, Answer> question)
            throws AgentException {
        try {
            return question.apply(IpamServiceGrpc.newBlockingStub(connection.channel())
                    .withDeadlineAfter(call.timeout().toMillis(), TimeUnit.MILLISECONDS));
        } catch (StatusRuntimeException e) {
            throw connection.explain(e, call.timeout());
        }
    }

    private static CommandSpec leaf(String name, String description, Run run) {
        return Specs.described(run, name, description)
                .addOption(OptionSpec.builder(ADDRESS)
                        .type(String.class)
                        .paramLabel("HOST:PORT,...")
                        .description(
                                "The ipam-service to ask (or " + ADDRESS_VARIABLE + "). Default: " + ADDRESS_DEFAULT)
                        .build());
    }
}

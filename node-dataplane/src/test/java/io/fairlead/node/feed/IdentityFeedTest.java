package io.fairlead.node.feed;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.contract.policy.Policy;
import io.fairlead.contract.policy.PolicyName;
import io.fairlead.contract.policy.PolicyName.Kind;
import io.fairlead.contract.policy.Rule;
import io.fairlead.contract.policy.Selector;
import io.fairlead.contract.policy.grpc.PolicyMessages;
import io.fairlead.node.Served;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.reconcile.FakeKernel;
import io.fairlead.node.reconcile.TableId;
import io.fairlead.node.status.Controllers;
import io.fairlead.proto.identity.v1.AckIdentities;
import io.fairlead.proto.identity.v1.IdentityServiceGrpc;
import io.fairlead.proto.identity.v1.IpIdentity;
import io.fairlead.proto.identity.v1.StreamIdentitiesRequest;
import io.fairlead.proto.identity.v1.StreamIdentitiesResponse;
import io.fairlead.runtime.retry.Backoff;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node's stream of identities and policies against a service that says what a test wants. */
class IdentityFeedTest {
    private static final LocalNode NODE = new LocalNode(
            new NodeName("dev1"),
            ClusterName.DEFAULT,
            Ip.parse("192.168.2.31"),
            List.of(Cidr.parse("10.244.0.0/24")),
            List.of(Ip.parse("10.244.0.1")));
    private static final PolicyName WEB = new PolicyName(Kind.CILIUM_NETWORK_POLICY, "default", "web");
    private static final PolicyName DB = new PolicyName(Kind.NETWORK_POLICY, "default", "db");

    @TempDir
    private Path directory;

    private final FakeKernel kernel = new FakeKernel(NODE);
    private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
    private final Service service = new Service();
    private Served served;
    private IdentityFeed feed;

    private static final class Service extends IdentityServiceGrpc.IdentityServiceImplBase {
        final BlockingQueue<StreamIdentitiesRequest> said = new LinkedBlockingQueue<>();
        final BlockingQueue<StreamObserver<StreamIdentitiesResponse>> streams = new LinkedBlockingQueue<>();

        @Override
        public StreamObserver<StreamIdentitiesRequest> streamIdentities(StreamObserver<StreamIdentitiesResponse> to) {
            streams.add(to);
            return new StreamObserver<>() {
                @Override
                public void onNext(StreamIdentitiesRequest request) {
                    said.add(request);
                }

                @Override
                public void onError(Throwable cause) {
                    // the node hung up
                }

                @Override
                public void onCompleted() {
                    to.onCompleted();
                }
            };
        }
    }

    @BeforeEach
    void serve() throws Exception {
        served = new Served(directory, service);
        feed = new IdentityFeed(
                NODE.name(),
                IdentityServiceGrpc.newStub(served.channel()),
                kernel.reconciler(),
                new Controllers(Clock.systemUTC()).get("identity-stream"),
                executor,
                new Backoff(Duration.ofMillis(5), Duration.ofMillis(20), new Random(1)));
    }

    @AfterEach
    void stop() {
        feed.close();
        served.close();
        kernel.close();
        executor.shutdownNow();
    }

    @Test
    void policiesComeAndGoWithTheVersionThatIsAcknowledged() throws Exception {
        StreamObserver<StreamIdentitiesResponse> stream = stream();
        stream.onNext(response(7, 1)
                .setSnapshot(true)
                .addPolicyUpserts(PolicyMessages.message(policy(WEB, true)))
                .addPolicyUpserts(PolicyMessages.message(policy(DB, true)))
                .build());
        assertThat(ack(7).getError()).isEmpty();
        assertThat(kernel.reconciler().state().policies()).containsOnlyKeys(WEB, DB);
        stream.onNext(response(8, 2)
                .addPolicyUpserts(PolicyMessages.message(policy(WEB, false)))
                .addPolicyRemoves(PolicyMessages.message(DB))
                .build());
        assertThat(ack(8).getError()).isEmpty();
        assertThat(kernel.reconciler().state().policies()).containsOnlyKeys(WEB).containsEntry(WEB, policy(WEB, false));
    }

    @Test
    void anotherLifeOfTheStoreIsNoticedOnce() throws Exception {
        AtomicInteger noticed = new AtomicInteger();
        feed.onAnotherStore(noticed::incrementAndGet);
        StreamObserver<StreamIdentitiesResponse> stream = stream();
        stream.onNext(response(7, 1).setSnapshot(true).setEpoch("first").build());
        ack(7);
        stream.onNext(response(8, 2).setEpoch("first").build());
        ack(8);
        assertThat(noticed).hasValue(0);
        stream.onNext(response(3, 3).setSnapshot(true).setEpoch("second").build());
        ack(3);
        stream.onNext(response(4, 4).setEpoch("second").build());
        ack(4);
        assertThat(noticed).hasValue(1);
    }

    @Test
    void aPolicyThatCannotBeReadIsSaidBackAndWhatWasKnownStays() throws Exception {
        StreamObserver<StreamIdentitiesResponse> stream = stream();
        stream.onNext(response(7, 1)
                .setSnapshot(true)
                .addPolicyUpserts(PolicyMessages.message(policy(WEB, true)))
                .build());
        assertThat(ack(7).getError()).isEmpty();
        io.fairlead.proto.policy.v1.Policy broken = io.fairlead.proto.policy.v1.Policy.newBuilder()
                .setName(PolicyMessages.message(WEB))
                .addRules(io.fairlead.proto.policy.v1.Rule.getDefaultInstance())
                .build();
        stream.onNext(response(8, 2).addPolicyUpserts(broken).build());
        assertThat(ack(8).getError()).contains("CiliumNetworkPolicy default/web: subject: none");
        assertThat(kernel.reconciler().state().policies()).containsEntry(WEB, policy(WEB, true));
        // also when everything is said anew
        stream.onNext(response(9, 3).setSnapshot(true).addPolicyUpserts(broken).build());
        assertThat(ack(9).getError()).contains("default/web");
        assertThat(kernel.reconciler().state().policies()).containsEntry(WEB, policy(WEB, true));
        stream.onNext(response(10, 4)
                .addPolicyUpserts(PolicyMessages.message(policy(WEB, false)))
                .build());
        assertThat(ack(10).getError()).isEmpty();
        assertThat(kernel.reconciler().state().policies()).containsEntry(WEB, policy(WEB, false));
    }

    @Test
    void whatTheKernelRefusesIsInTheAcknowledgement() throws Exception {
        kernel.refuse(TableId.IPCACHE, Cidr.parse("10.244.1.7/32"));
        StreamObserver<StreamIdentitiesResponse> stream = stream();
        stream.onNext(response(7, 1)
                .setSnapshot(true)
                .addIpUpserts(IpIdentity.newBuilder()
                        .setPrefix("10.244.1.7/32")
                        .setIdentity(4711)
                        .setHostIp("192.168.2.32"))
                .build());
        assertThat(ack(7).getError()).startsWith("ipcache: 1 not written, one because: ");
    }

    private static Policy policy(PolicyName name, boolean enforces) {
        return new Policy(name, List.of(new Rule(Selector.ALL, List.of(), List.of(), enforces, false)));
    }

    private static StreamIdentitiesResponse.Builder response(long version, long nonce) {
        return StreamIdentitiesResponse.newBuilder()
                .setVersion(version)
                .setNonce(nonce)
                .setEpoch("e")
                .setInSync(true);
    }

    private StreamObserver<StreamIdentitiesResponse> stream() throws InterruptedException {
        StreamObserver<StreamIdentitiesResponse> stream = service.streams.poll(10, TimeUnit.SECONDS);
        assertThat(stream).isNotNull();
        assertThat(service.said.poll(10, TimeUnit.SECONDS).hasSubscribe()).isTrue();
        return stream;
    }

    /** The acknowledgement of a version; former ones may be said again with what is wrong by now. */
    private AckIdentities ack(long version) throws InterruptedException {
        while (true) {
            StreamIdentitiesRequest request = service.said.poll(10, TimeUnit.SECONDS);
            assertThat(request).isNotNull();
            if (request.getAck().getVersion() == version) {
                return request.getAck();
            }
        }
    }
}

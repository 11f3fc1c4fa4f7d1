package io.fairlead.routes.stream;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.events.source.Summary;
import io.fairlead.events.source.SummarySource;
import io.fairlead.proto.route.v1.Drops;
import io.fairlead.proto.route.v1.ReportDropsRequest;
import io.fairlead.proto.route.v1.ReportDropsResponse;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DropReportsTest {
    private final DropReports reports = new DropReports();
    private final List<String> errors = new ArrayList<>();

    private void report(String node, long packets) {
        ReportDropsRequest request = ReportDropsRequest.newBuilder()
                .setNodeName(node)
                .addDrops(Drops.newBuilder()
                        .setReason(133)
                        .setText("Policy denied")
                        .setDirection("ingress")
                        .setPackets(packets))
                .build();
        reports.report(request, new StreamObserver<>() {
            @Override
            public void onNext(ReportDropsResponse value) {}

            @Override
            public void onError(Throwable t) {
                errors.add(t.getMessage());
            }

            @Override
            public void onCompleted() {}
        });
    }

    @Test
    void theNewestOfEachNodeIsToldOnce() {
        SummarySource source = reports.source();
        report("dev1", 3);
        report("dev2", 5);
        report("dev1", 4);
        List<Summary> told = source.news().get().result();
        assertThat(told).extracting(Summary::entity).containsExactlyInAnyOrder("dev1", "dev2");
        assertThat(told)
                .anySatisfy(summary -> assertThat(summary.detail().toString())
                        .isEqualTo("{\"node\":\"dev1\",\"drops\":[{\"reason\":133,\"text\":\"Policy denied\","
                                + "\"direction\":\"ingress\",\"packets\":4,\"bytes\":0}]}"));
        assertThat(source.news().get().result()).isEmpty();
    }

    @Test
    void withoutKafkaNothingIsKept() {
        report("dev1", 3);
        assertThat(errors).isEmpty();
        assertThat(reports.source().news().get().result()).isEmpty();
    }

    @Test
    void aNameThatIsNoneIsRefused() {
        report("", 3);
        assertThat(errors).hasSize(1);
        assertThat(errors.get(0)).startsWith("INVALID_ARGUMENT");
    }
}

package io.fairlead.soak.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.soak.history.Kind;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AcknowledgedTest {
    private static final String IP = "ip/10.0.1.5";

    private static List<Violation> check(Told told, Map<String, String> store) {
        return Acknowledged.check(told.operations(), store, 0);
    }

    @Test
    void anAcknowledgedWriteThatIsGoneIsFound() {
        Told told = new Told().ok("n1", Kind.PUBLISH, IP, "300@1.2.3.4", 0, 10);
        assertThat(check(told, Map.of())).hasSize(1);
        assertThat(check(told, Map.of(IP, "300@1.2.3.4"))).isEmpty();
    }

    @Test
    void anotherStateThanTheAcknowledgedOneIsFound() {
        Told told = new Told().ok("n1", Kind.PUBLISH, IP, "300@1.2.3.4", 0, 10);
        assertThat(check(told, Map.of(IP, "301@1.2.3.4"))).hasSize(1);
    }

    @Test
    void whatWasWithdrawnAndIsBackIsFound() {
        Told told = new Told().ok("n1", Kind.PUBLISH, IP, "300@1.2.3.4", 0, 10).ok("n1", Kind.WITHDRAW, IP, "", 20, 30);
        assertThat(check(told, Map.of(IP, "300@1.2.3.4"))).hasSize(1);
        assertThat(check(told, Map.of())).isEmpty();
    }

    @Test
    void whatNobodyAskedForIsFound() {
        assertThat(check(new Told(), Map.of(IP, "300@1.2.3.4"))).hasSize(1);
    }

    @Test
    void aRefusedWriteThatIsThereIsFound() {
        Told told = new Told().fail("n1", Kind.PUBLISH, IP, "300@1.2.3.4", 0, 10);
        assertThat(check(told, Map.of(IP, "300@1.2.3.4"))).hasSize(1);
    }

    @Test
    void anUnansweredWriteMayBeThereOrNot() {
        Told told = new Told().unknown("n1", Kind.PUBLISH, IP, "300@1.2.3.4", 0, 10);
        assertThat(check(told, Map.of(IP, "300@1.2.3.4"))).isEmpty();
        assertThat(check(told, Map.of())).isEmpty();
    }

    @Test
    void anUnansweredWriteThatTakesEffectLongAfterAnAcknowledgedOneIsFound() {
        long late = 10 + Acknowledged.LINGER.toMillis() + 1;
        Told told = new Told()
                .unknown("n1", Kind.PUBLISH, IP, "300@1.2.3.4", 0, 10)
                .ok("n1", Kind.WITHDRAW, IP, "", late, late + 5);
        assertThat(check(told, Map.of(IP, "300@1.2.3.4"))).hasSize(1);
    }

    @Test
    void anUnansweredRegistrationMayHaveAnyCidr() {
        Told told = new Told().unknown("n1", Kind.REGISTER, "node/n1", "?", 0, 10);
        assertThat(check(told, Map.of("node/n1", "10.0.1.0/24"))).isEmpty();
    }

    @Test
    void aReferenceThatIsBackIsFoundUnlessALateEntryUsesIt() {
        String use = "use/k8s:a=1;/n1";
        Told told = new Told()
                .ok("n1", Kind.ALLOCATE, use, "300", 0, 10)
                .unknown("n1", Kind.PUBLISH, IP, "300@1.2.3.4", 11, 12)
                .ok("n1", Kind.WITHDRAW, IP, "", 13, 14)
                .ok("n1", Kind.RELEASE_IDENTITY, use, "", 15, 16);
        assertThat(check(told, Map.of(IP, "300@1.2.3.4", use, "300"))).isEmpty();
        assertThat(check(told, Map.of(use, "301"))).hasSize(1);
    }

    @Test
    void aReferenceThatALatePublicationWroteIsFoundWhenItWasGivenBackLongAfter() {
        String use = "use/k8s:a=1;/n1";
        long late = 12 + Acknowledged.LINGER.toMillis() + 1;
        Told soon = new Told()
                .ok("n1", Kind.ALLOCATE, use, "300", 0, 10)
                .unknown("n1", Kind.PUBLISH, IP, "300@1.2.3.4", 11, 12)
                .ok("n1", Kind.RELEASE_IDENTITY, use, "", 15, 16);
        assertThat(check(soon, Map.of(use, "300"))).isEmpty();
        Told longAfter = new Told()
                .ok("n1", Kind.ALLOCATE, use, "300", 0, 10)
                .unknown("n1", Kind.PUBLISH, IP, "300@1.2.3.4", 11, 12)
                .ok("n1", Kind.RELEASE_IDENTITY, use, "", late, late + 1);
        assertThat(check(longAfter, Map.of(use, "300"))).hasSize(1);
    }

    @Test
    void aReferenceThatEtcdWasAskedForTwiceMayComeBackForAWhile() {
        String use = "use/k8s:a=1;/n1";
        long slow = Acknowledged.RETRIED.toMillis() + 1;
        long late = slow + Acknowledged.LINGER.toMillis() + 1;
        Told soon = new Told()
                .ok("n1", Kind.ALLOCATE, use, "300", 0, slow)
                .ok("n1", Kind.RELEASE_IDENTITY, use, "", slow + 1, slow + 2);
        assertThat(check(soon, Map.of(use, "300"))).isEmpty();
        Told longAfter = new Told()
                .ok("n1", Kind.ALLOCATE, use, "300", 0, slow)
                .ok("n1", Kind.RELEASE_IDENTITY, use, "", late, late + 1);
        assertThat(check(longAfter, Map.of(use, "300"))).hasSize(1);
        Told quick =
                new Told().ok("n1", Kind.ALLOCATE, use, "300", 0, 10).ok("n1", Kind.RELEASE_IDENTITY, use, "", 11, 12);
        assertThat(check(quick, Map.of(use, "300"))).hasSize(1);
    }
}

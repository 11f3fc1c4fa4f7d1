package io.fairlead.soak.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.soak.history.Kind;
import org.junit.jupiter.api.Test;

class HoldingsTest {
    @Test
    void twoNodesWithOneCidrAreFound() {
        Told told = new Told()
                .ok("n1", Kind.REGISTER, "node/n1", "10.0.1.0/24", 0, 10)
                .ok("n2", Kind.REGISTER, "node/n2", "10.0.1.0/24", 20, 30);
        assertThat(Holdings.cidrs(told.operations()))
                .singleElement()
                .satisfies(v -> assertThat(v.invariant()).isEqualTo(Invariant.NO_SHARED_CIDR));
    }

    @Test
    void aCidrInsideAnothersIsFound() {
        Told told = new Told()
                .ok("n1", Kind.REGISTER, "node/n1", "10.0.0.0/16,10.9.0.0/24", 0, 10)
                .ok("n2", Kind.REGISTER, "node/n2", "10.0.1.0/24", 20, 30);
        assertThat(Holdings.cidrs(told.operations())).hasSize(1);
    }

    @Test
    void aCidrGivenOutWhileItsFormerHolderOnlyTriedToReleaseItIsNotHeldAnyMore() {
        Told told = new Told()
                .ok("n1", Kind.REGISTER, "node/n1", "10.0.1.0/24", 0, 10)
                .unknown("n1", Kind.RELEASE_NODE, "node/n1", "", 15, 25)
                .ok("n2", Kind.REGISTER, "node/n2", "10.0.1.0/24", 18, 30);
        assertThat(Holdings.cidrs(told.operations())).isEmpty();
    }

    @Test
    void aRefusedReleaseDoesNotEndAHolding() {
        Told told = new Told()
                .ok("n1", Kind.REGISTER, "node/n1", "10.0.1.0/24", 0, 10)
                .fail("n1", Kind.RELEASE_NODE, "node/n1", "", 11, 12)
                .ok("n2", Kind.REGISTER, "node/n2", "10.0.1.0/24", 18, 30);
        assertThat(Holdings.cidrs(told.operations())).hasSize(1);
    }

    @Test
    void anotherCidrWithoutAReleaseIsFound() {
        Told told = new Told()
                .ok("n1", Kind.REGISTER, "node/n1", "10.0.1.0/24", 0, 10)
                .ok("n1", Kind.REGISTER, "node/n1", "10.0.2.0/24", 20, 30);
        assertThat(Holdings.cidrs(told.operations()))
                .singleElement()
                .satisfies(v -> assertThat(v.invariant()).isEqualTo(Invariant.SAME_CIDR));
    }

    @Test
    void aBlockThatWasGivenBackMayBeAnothersAndOneThatWasNotMayNot() {
        Told told = new Told()
                .ok("n1", Kind.REGISTER, "node/n1", "10.0.1.0/24", 0, 10)
                .ok("n1", Kind.ADD_CIDR, "node/n1", "10.0.1.0/24,10.0.2.0/24", 11, 12)
                .unknown("n1", Kind.RETURN_CIDR, "node/n1", "10.0.1.0/24", 15, 16)
                .ok("n2", Kind.REGISTER, "node/n2", "10.0.2.0/24", 18, 30);
        assertThat(Holdings.cidrs(told.operations())).isEmpty();
        told.ok("n3", Kind.REGISTER, "node/n3", "10.0.1.0/24", 31, 32);
        assertThat(Holdings.cidrs(told.operations()))
                .singleElement()
                .satisfies(v -> assertThat(v.invariant()).isEqualTo(Invariant.NO_SHARED_CIDR));
    }

    @Test
    void aBlockThatVanishesWithoutBeingGivenBackIsFound() {
        Told told = new Told()
                .ok("n1", Kind.ADD_CIDR, "node/n1", "10.0.1.0/24,10.0.2.0/24", 0, 10)
                .ok("n1", Kind.REGISTER, "node/n1", "10.0.1.0/24", 20, 30);
        assertThat(Holdings.cidrs(told.operations()))
                .singleElement()
                .satisfies(v -> assertThat(v.invariant()).isEqualTo(Invariant.SAME_CIDR));
    }

    @Test
    void aReleaseWithoutAnAnswerMayComeLateButNotAfterAnAcknowledgedOne() {
        String node = "node/n1";
        Told late = new Told()
                .ok("n1", Kind.REGISTER, node, "10.0.1.0/24", 0, 10)
                .unknown("n1", Kind.RELEASE_NODE, node, "", 20, 30)
                .ok("n1", Kind.REGISTER, node, "10.0.1.0/24", 40, 50)
                .ok("n1", Kind.REGISTER, node, "10.0.2.0/24", 60, 70);
        assertThat(Holdings.cidrs(late.operations())).isEmpty();
        Told anew = new Told()
                .ok("n1", Kind.REGISTER, node, "10.0.1.0/24", 0, 10)
                .unknown("n1", Kind.RELEASE_NODE, node, "", 20, 30)
                .ok("n1", Kind.RELEASE_NODE, node, "", 31, 35)
                .ok("n1", Kind.REGISTER, node, "10.0.1.0/24", 40, 50)
                .ok("n1", Kind.REGISTER, node, "10.0.2.0/24", 60, 70);
        assertThat(Holdings.cidrs(anew.operations())).hasSize(1);
    }

    @Test
    void aNumberOfTwoLabelSetsIsFound() {
        Told told = new Told()
                .ok("n1", Kind.ALLOCATE, "use/k8s:a=1;/n1", "300", 0, 10)
                .ok("n2", Kind.ALLOCATE, "use/k8s:a=2;/n2", "300", 20, 30);
        assertThat(Holdings.identities(told.operations()))
                .singleElement()
                .satisfies(v -> assertThat(v.invariant()).isEqualTo(Invariant.NO_SHARED_IDENTITY));
    }

    @Test
    void aLabelSetWithTwoNumbersIsFound() {
        Told told = new Told()
                .ok("n1", Kind.ALLOCATE, "use/k8s:a=1;/n1", "300", 0, 10)
                .ok("n2", Kind.ALLOCATE, "use/k8s:a=1;/n2", "301", 20, 30);
        assertThat(Holdings.identities(told.operations()))
                .singleElement()
                .satisfies(v -> assertThat(v.invariant()).isEqualTo(Invariant.NO_DOUBLE_IDENTITY));
    }

    @Test
    void aNumberMayBeAnothersAfterItWasGivenBackByAll() {
        Told told = new Told()
                .ok("n1", Kind.ALLOCATE, "use/k8s:a=1;/n1", "300", 0, 10)
                .ok("n1", Kind.RELEASE_IDENTITY, "use/k8s:a=1;/n1", "", 11, 12)
                .ok("n2", Kind.ALLOCATE, "use/k8s:a=2;/n2", "300", 20, 30);
        assertThat(Holdings.identities(told.operations())).isEmpty();
    }
}

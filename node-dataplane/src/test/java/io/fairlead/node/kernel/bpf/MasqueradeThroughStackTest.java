package io.fairlead.node.kernel.bpf;

/** As {@link MasqueradeTest}, with legacy host routing. */
class MasqueradeThroughStackTest extends MasqueradeTest {
    @Override
    boolean legacy() {
        return true;
    }
}

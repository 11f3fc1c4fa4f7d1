package io.fairlead.node.wiring;

import io.fairlead.contract.FailureKind;
import io.fairlead.node.kernel.KernelException;

/**
 * Keeps pods' devices closed to the kernel's own forwarding: whoever turns ip_forward on, turns it on for every device
 * there is. Called on a thread in the node's namespace.
 */
public final class PodSettings {
    private PodSettings() {}

    /**
     * Writes what is not as it was made.
     *
     * @param device host side of a pod's pair; one that is gone is no failure
     * @return how many settings were written
     */
    public static int ensure(String device) {
        try {
            return Sysctls.ensure(PodWiring.hostSettings(device));
        } catch (KernelException e) {
            if (e.kind() == FailureKind.RESYNC) {
                return 0;
            }
            throw e;
        }
    }
}

package io.fairlead.cli.connectivity;

import io.fairlead.contract.Ip;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Makes pods, and has them try to reach something. Calls block and may come from several threads.
 *
 * <p>Every method throws {@link DriverException} when the driver itself fails.
 */
interface Driver {
    /** The nodes of the cluster. */
    List<Place> nodes();

    /**
     * A pod to be made.
     *
     * @param node where
     * @param namespace its namespace
     * @param name its name, unique in the cluster
     * @param labels of it
     * @param ports of TCP it answers on
     */
    record PodPlan(String node, String namespace, String name, Map<String, String> labels, List<Integer> ports) {}

    /** Makes a pod that runs and answers when this returns. */
    Place addPod(PodPlan plan);

    /** Removes a pod; one that is not there is none to be removed. */
    void deletePod(String namespace, String name);

    /** Makes a host outside the cluster that answers on ports of TCP. */
    Place addWorld(String name, List<Integer> ports);

    /** Removes a host outside; one that is not there is none to be removed. */
    void deleteWorld(String name);

    /** A socket that answers as a node's agent does. */
    Path socket(String node);

    /** What a node's agent has logged. */
    List<String> logs(String node);

    /** What is tried. */
    enum Try {
        /** A connection, a question and its answer. */
        TCP,
        /** One echo. */
        ICMP,
        /** One echo as large as the device carries, not to be fragmented. */
        ICMP_FULL
    }

    /** Whether an answer comes. */
    boolean reach(Place from, Try what, Ip to, int port, Duration patience);

    /** Keeps a connection busy until it is closed. */
    Held hold(Place from, Ip to, int port);

    /** A connection that is kept. */
    interface Held {
        /** Ends it; says what went wrong with it, nothing when it never stopped. */
        String end();
    }
}

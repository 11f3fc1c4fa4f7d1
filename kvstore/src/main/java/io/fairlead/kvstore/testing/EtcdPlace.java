package io.fairlead.kvstore.testing;

import java.util.List;

/**
 * Where a member of an {@link EtcdCluster} runs and listens.
 *
 * @param name the member's name
 * @param launcher command that runs another one where the member lives, such as "ip netns exec NAME"; empty for here
 * @param host address clients and peers reach it at
 * @param otherHosts further addresses it answers clients at
 * @param clientPort for clients
 * @param peerPort for other members
 */
public record EtcdPlace(
        String name, List<String> launcher, String host, List<String> otherHosts, int clientPort, int peerPort) {
    public EtcdPlace {
        launcher = List.copyOf(launcher);
        otherHosts = List.copyOf(otherHosts);
    }

    String client() {
        return host + ":" + clientPort;
    }

    String peerUrl() {
        return "http://" + host + ":" + peerPort;
    }

    String listenUrls() {
        StringBuilder urls = new StringBuilder("http://" + client());
        otherHosts.forEach(
                other -> urls.append(",http://").append(other).append(':').append(clientPort));
        return urls.toString();
    }
}

package io.fairlead.node.monitor;

import io.fairlead.contract.Ip;
import io.fairlead.node.endpoint.Endpoint;
import io.fairlead.node.endpoint.EndpointPublisher;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Endpoints as they are published and withdrawn, told of: created with the first publication, which for those of an
 * earlier life of the agent is its start, and deleted with the last address. Several threads may call.
 */
public final class ToldEndpoints implements EndpointPublisher {
    private final EndpointPublisher publisher;
    private final AgentNotices notices;
    private final Map<Ip, Endpoint> published = new ConcurrentHashMap<>();

    /** @param publisher does the work */
    public ToldEndpoints(EndpointPublisher publisher, AgentNotices notices) {
        this.publisher = publisher;
        this.notices = notices;
    }

    @Override
    public void publish(Endpoint endpoint) {
        publisher.publish(endpoint);
        boolean news = false;
        for (Ip ip : endpoint.ips()) {
            Endpoint before = published.put(ip, endpoint);
            news |= before == null || !before.id().equals(endpoint.id());
        }
        if (news) {
            notices.endpointCreated(endpoint);
        }
    }

    @Override
    public void withdraw(Ip ip) {
        publisher.withdraw(ip);
        Endpoint endpoint = published.remove(ip);
        if (endpoint != null && endpoint.ips().stream().noneMatch(published::containsKey)) {
            notices.endpointDeleted(endpoint);
        }
    }
}

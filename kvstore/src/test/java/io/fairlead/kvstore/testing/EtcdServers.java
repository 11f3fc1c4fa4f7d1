package io.fairlead.kvstore.testing;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.testcontainers.DockerClientFactory;

/** Picks where this module's tests run etcd: in a container when an engine answers, else in a child process. */
public final class EtcdServers {
    private static final Logger LOGGER = LoggerFactory.getLogger(EtcdServers.class);
    private static final boolean ENGINE = DockerClientFactory.instance().isDockerAvailable();

    private EtcdServers() {}

    /** An empty etcd. An engine that cannot start one, for want of the image, is passed over. */
    public static EtcdServer start() {
        if (ENGINE) {
            try {
                return EtcdContainer.start();
            } catch (RuntimeException e) {
                LOGGER.atWarn().setCause(e).log("no etcd container, starting a child process");
            }
        }
        return EtcdProcess.start();
    }
}

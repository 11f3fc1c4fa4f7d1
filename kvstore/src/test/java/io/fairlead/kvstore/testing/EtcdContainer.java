package io.fairlead.kvstore.testing;

import com.github.dockerjava.api.DockerClient;
import io.fairlead.kvstore.Recorder;
import java.util.ArrayList;
import java.util.List;
import org.testcontainers.containers.GenericContainer;

/** One etcd in a container on the host's network, so that it keeps its ports over restarts. */
final class EtcdContainer implements EtcdServer {
    private static final String IMAGE = System.getProperty("fairlead.etcd.image", "quay.io/coreos/etcd:v3.4.23");

    private final int clientPort = Ports.free();
    private final int peerPort = Ports.free();
    private GenericContainer<?> container = create();

    private EtcdContainer() {}

    static EtcdContainer start() {
        EtcdContainer made = new EtcdContainer();
        try {
            made.container.start();
            made.awaitLeader();
            return made;
        } catch (RuntimeException | AssertionError e) {
            made.close();
            throw new IllegalStateException("etcd container: did not start", e);
        }
    }

    private GenericContainer<?> create() {
        List<String> command = new ArrayList<>(List.of("etcd", "--data-dir=/tmp/etcd"));
        command.addAll(EtcdProcess.arguments(clientPort, peerPort));
        return new GenericContainer<>(IMAGE).withNetworkMode("host").withCommand(command.toArray(String[]::new));
    }

    private void awaitLeader() {
        Recorder.await("a leader", () -> Health.ofEtcd(endpoint()));
    }

    private DockerClient engine() {
        return container.getDockerClient();
    }

    @Override
    public String endpoint() {
        return "127.0.0.1:" + clientPort;
    }

    @Override
    public void kill9() {
        engine().killContainerCmd(container.getContainerId()).withSignal("KILL").exec();
        Recorder.await("its end", () -> !container.isRunning());
    }

    @Override
    public void restart() {
        engine().startContainerCmd(container.getContainerId()).exec();
        awaitLeader();
    }

    @Override
    public void restartEmpty() {
        container.stop();
        container = create();
        container.start();
        awaitLeader();
    }

    @Override
    public void pause() {
        engine().pauseContainerCmd(container.getContainerId()).exec();
    }

    @Override
    public void resume() {
        engine().unpauseContainerCmd(container.getContainerId()).exec();
    }

    @Override
    public void close() {
        container.stop();
    }
}

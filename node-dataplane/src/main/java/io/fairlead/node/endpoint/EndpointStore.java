package io.fairlead.node.endpoint;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The endpoints' checkpoints: one JSON file each, named by the host interface. Blocks on the disk; the claim on an
 * attachment makes one writer a file.
 */
public final class EndpointStore {
    private final StateFiles files;

    /** @param stateDirectory of the agent; the files are in "endpoints" below it */
    public EndpointStore(Path stateDirectory) {
        files = new StateFiles(stateDirectory.resolve("endpoints"));
    }

    void save(Endpoint endpoint) {
        files.write(endpoint.hostInterface(), EndpointJson.write(endpoint));
    }

    void remove(Endpoint endpoint) {
        files.remove(endpoint.hostInterface());
    }

    /** What was saved. A file that is no endpoint, or not the one its name says, is put aside. */
    Loaded load() {
        List<Endpoint> endpoints = new ArrayList<>();
        int quarantined = 0;
        for (String name : files.names()) {
            byte[] content = files.read(name);
            try {
                Endpoint endpoint = EndpointJson.read(content);
                if (!endpoint.hostInterface().equals(name)) {
                    throw new IllegalArgumentException(
                            "endpoint file: holds " + endpoint.hostInterface() + " (expected: " + name + ")");
                }
                endpoints.add(endpoint);
            } catch (IllegalArgumentException e) {
                files.quarantine(name, e);
                quarantined++;
            }
        }
        return new Loaded(endpoints, quarantined);
    }

    record Loaded(List<Endpoint> endpoints, int quarantined) {}
}

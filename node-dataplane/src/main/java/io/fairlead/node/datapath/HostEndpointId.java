package io.fairlead.node.datapath;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.contract.EndpointId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashSet;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The id of the node's own endpoint: chosen once, kept in the file {@code host-endpoint} of the state directory. */
final class HostEndpointId {
    private static final Logger LOGGER = LoggerFactory.getLogger(HostEndpointId.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int HIGHEST = 4095;

    private HostEndpointId() {}

    /** The id that was chosen, else a new one that no pod of the state directory has. */
    static EndpointId of(Path stateDir, RandomGenerator random) throws IOException {
        Path file = stateDir.resolve("host-endpoint");
        Set<Integer> taken = taken(stateDir.resolve("endpoints"));
        if (Files.exists(file)) {
            String text = Files.readString(file).strip();
            if (text.matches("[0-9]{1,4}")) {
                int id = Integer.parseInt(text);
                if (id >= 1 && id <= HIGHEST && !taken.contains(id)) {
                    return new EndpointId(id);
                }
            }
            LOGGER.atWarn()
                    .addKeyValue("file", file)
                    .addKeyValue("holds", text)
                    .log("id of the node's endpoint is no free id; another is chosen");
        }
        int id = choose(taken, random);
        Path temporary = file.resolveSibling("host-endpoint.tmp");
        Files.createDirectories(stateDir);
        Files.writeString(temporary, id + "\n");
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        return new EndpointId(id);
    }

    private static int choose(Set<Integer> taken, RandomGenerator random) {
        int start = random.nextInt(HIGHEST);
        for (int i = 0; i < HIGHEST; i++) {
            int id = (start + i) % HIGHEST + 1;
            if (!taken.contains(id)) {
                return id;
            }
        }
        throw new IllegalStateException("endpoint ids: pods have all " + HIGHEST + " (expected: one for the node)");
    }

    /** Ids of pods. A file that cannot be read has none: it is put aside when endpoints are restored. */
    private static Set<Integer> taken(Path endpoints) throws IOException {
        Set<Integer> ids = new HashSet<>();
        if (!Files.isDirectory(endpoints)) {
            return ids;
        }
        try (Stream<Path> files = Files.list(endpoints)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".json")).toList()) {
                try {
                    ids.add(JSON.readTree(file.toFile()).path("id").asInt());
                } catch (IOException e) {
                    LOGGER.atDebug().addKeyValue("file", file).setCause(e).log("no endpoint");
                }
            }
        }
        return ids;
    }
}

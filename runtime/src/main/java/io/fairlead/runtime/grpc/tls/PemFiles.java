package io.fairlead.runtime.grpc.tls;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;

/**
 * Where a process's certificate is.
 *
 * @param cert PEM, the process's own certificate first, then those between it and the authority
 * @param key PEM, its private key, not encrypted
 * @param ca PEM, the authorities that are trusted
 */
public record PemFiles(Path cert, Path key, Path ca) {
    List<Path> all() {
        return List.of(cert, key, ca);
    }

    /** Changes when a file does, or a link to it; cheap, so that it can be asked each second. */
    String stamp() {
        List<String> stamps = new ArrayList<>();
        for (Path file : all()) {
            try {
                BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
                stamps.add(now.lastModifiedTime() + " " + now.size() + " " + now.fileKey());
            } catch (IOException e) {
                stamps.add("missing");
            }
        }
        return String.join(", ", stamps);
    }
}

package io.fairlead.cli.sysdump;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** The archive while it is written. What cannot be had is noted and takes nothing else away. For one thread. */
final class Archive implements AutoCloseable {
    private static final Set<PosixFilePermission> OWNER = PosixFilePermissions.fromString("rw-------");

    private final String folder;
    private final ZipOutputStream zip;
    private final List<String> missing = new ArrayList<>();
    private int files;

    /** Something that gives a part's text, or throws saying why it cannot be had. */
    @FunctionalInterface
    interface Part {
        String text() throws IOException;
    }

    /**
     * Begins an archive that only its owner may read.
     *
     * @param folder what all names in it begin with
     * @throws IOException when there is a file already, or none can be made
     */
    Archive(Path file, String folder) throws IOException {
        this.folder = folder;
        Files.createFile(file, PosixFilePermissions.asFileAttribute(OWNER));
        this.zip = new ZipOutputStream(Files.newOutputStream(file), StandardCharsets.UTF_8);
    }

    /** Adds a part; when it cannot be had, its reason goes into the list of what is missing. */
    void add(String name, Part part) throws IOException {
        String text;
        try {
            text = part.text();
        } catch (IOException | RuntimeException e) {
            missing.add(name + ": " + (e.getMessage() == null ? e.toString() : e.getMessage()));
            return;
        }
        entry(name, new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    }

    /** Adds the end of a file, at most so many bytes of it. */
    void addEnd(String name, Path from, long most) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(from.toFile(), "r")) {
            file.seek(Math.max(0, file.length() - most));
            entry(name, Channels.newInputStream(file.getChannel()));
        } catch (java.io.FileNotFoundException e) {
            missing.add(name + ": " + e.getMessage());
        }
    }

    private void entry(String name, InputStream content) throws IOException {
        zip.putNextEntry(new ZipEntry(folder + "/" + name));
        content.transferTo(zip);
        zip.closeEntry();
        files++;
    }

    /** What could not be had, each "name: reason". */
    List<String> missing() {
        return List.copyOf(missing);
    }

    int files() {
        return files;
    }

    /** Writes the list of what is missing and ends the archive. */
    @Override
    public void close() throws IOException {
        if (!missing.isEmpty()) {
            entry(
                    "missing.txt",
                    new ByteArrayInputStream(String.join("\n", missing).getBytes(StandardCharsets.UTF_8)));
        }
        zip.close();
    }
}

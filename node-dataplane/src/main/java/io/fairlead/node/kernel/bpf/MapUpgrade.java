package io.fairlead.node.kernel.bpf;

import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.ffi.Bpf;
import io.fairlead.node.kernel.ffi.Native;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Maps that an object made anew because those pinned have another layout or size. Attached programs go on with the old
 * ones; who swaps the programs first fills the new maps, then calls {@link #carryOver} and {@link #takePins}, swaps, and
 * calls {@link #catchUp}. One thread at a time.
 *
 * <p>Where only the size differs the new map begins with the old one's entries.
 */
public final class MapUpgrade implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(MapUpgrade.class);
    private static final int BATCH = 4096;
    /** Of linux/bpf.h: kinds of maps whose entries can be read in batches and written. */
    private static final Set<Integer> COPIED = Set.of(1, 9, 11);
    /** BPF_MAP_TYPE_LRU_HASH: maps that programs write all the time. */
    private static final int WRITTEN_BY_PROGRAMS = 9;

    private static final String NEW = "+new";

    private final List<Replacement> replacements = new ArrayList<>();

    /** @param old an open map, closed with this */
    private record Replacement(Path pin, BpfMap old, BpfMap fresh, boolean sameEntries) {
        boolean moves() {
            return sameEntries && fresh.spec().type() == WRITTEN_BY_PROGRAMS;
        }
    }

    MapUpgrade() {}

    /**
     * @param old the pinned map, which becomes this object's
     * @param fresh the loaded programs' map, which stays who loaded them's
     */
    void add(Path pin, BpfMap old, BpfMap fresh) {
        MapLayout before = MapLayout.of(old.spec());
        MapLayout now = MapLayout.of(fresh.spec());
        boolean copied = before.sameEntries(now) && COPIED.contains(now.type());
        Replacement replacement = new Replacement(pin, old, fresh, copied);
        replacements.add(replacement);
        LOGGER.atInfo()
                .addKeyValue("map", fresh.name())
                .addKeyValue("was", before)
                .addKeyValue("is", now)
                .log(
                        copied
                                ? "pinned map has another size; a new one takes its entries over"
                                : "pinned map has another layout; a new one starts empty");
        if (copied) {
            copy(replacement, fresh::update);
        }
    }

    /** True when the pinned maps are the programs' own. */
    public boolean isEmpty() {
        return replacements.isEmpty();
    }

    /** Names of the maps that were made anew. */
    public Set<String> maps() {
        return replacements.stream().map(r -> r.fresh().name()).collect(Collectors.toUnmodifiableSet());
    }

    /** Copies again what programs write themselves: connections as they are now. */
    public void carryOver() {
        replacements.stream().filter(Replacement::moves).forEach(r -> copy(r, r.fresh()::update));
    }

    /** Pins the new maps in the place of the old ones, each at once. */
    public void takePins() {
        for (Replacement replacement : replacements) {
            Path pin = replacement.pin();
            Path fresh = pin.resolveSibling(pin.getFileName() + NEW);
            try {
                // what an agent left that died here
                Files.deleteIfExists(fresh);
                Native.call(
                        "pin map " + fresh,
                        () -> Bpf.LIB.bpf_obj_pin(replacement.fresh().fd(), fresh.toString()));
                Files.move(fresh, pin, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Copies what the old programs wrote until the new ones took over, where the new ones did not write it too. */
    public void catchUp() {
        replacements.stream()
                .filter(Replacement::moves)
                .forEach(r -> copy(r, (keys, values, count) -> {
                    for (int i = 0; i < count; i++) {
                        r.fresh()
                                .insertOne(
                                        MapTable.rest(keys, i, r.fresh().spec().keySize()),
                                        MapTable.rest(
                                                values, i, r.fresh().spec().valueSize()));
                    }
                    return new BpfMap.Progress(count, null);
                }));
    }

    private interface Writer {
        BpfMap.Progress write(ByteBuffer keys, ByteBuffer values, int count);
    }

    /** A copy that fails is less than a start that fails: connections are judged anew. */
    private static void copy(Replacement replacement, Writer writer) {
        int[] copied = {0};
        try {
            replacement.old().read(replacement.old().spec().valueSize(), BATCH, (keys, values, count) -> {
                if (count == 0) {
                    return;
                }
                BpfMap.Progress progress = writer.write(keys, values, count);
                copied[0] += progress.done();
                if (progress.failure() != null) {
                    throw progress.failure();
                }
            });
        } catch (KernelException e) {
            LOGGER.atWarn()
                    .addKeyValue("map", replacement.fresh().name())
                    .addKeyValue("copied", copied[0])
                    .addKeyValue("error", e.getMessage())
                    .log("entries of a replaced map were not all taken over");
        }
    }

    /** Lets go of the old maps. Attached programs keep theirs. */
    @Override
    public void close() {
        replacements.forEach(replacement -> replacement.old().close());
        replacements.clear();
    }
}

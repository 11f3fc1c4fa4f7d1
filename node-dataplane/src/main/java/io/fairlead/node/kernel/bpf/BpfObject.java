package io.fairlead.node.kernel.bpf;

import io.fairlead.contract.FailureKind;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.bpf.BpfSpec.MapSpec;
import io.fairlead.node.kernel.bpf.StructCodec.Field;
import io.fairlead.node.kernel.ffi.Bpf;
import io.fairlead.node.kernel.ffi.Native;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import jnr.ffi.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * The datapath, loaded: its programs and open maps. Maps pinned by an earlier life are taken over with what is in them;
 * new ones are pinned. Where the pinned one has another layout or size the programs get a new map beside it ({@link
 * #upgrade}). Closing it closes the descriptors; pinned maps and links stay.
 */
public final class BpfObject implements AutoCloseable {
    private final Pointer object;
    private final Map<String, BpfMap> maps = new HashMap<>();
    private final Map<String, Program> programs = new HashMap<>();
    private final MapUpgrade upgrade = new MapUpgrade();
    private boolean closed; // owned by: who loaded it

    /**
     * A loaded program.
     *
     * @param name its name in the C
     * @param fd descriptor, open until the object is closed
     * @param id the kernel's number for it
     */
    public record Program(String name, int fd, int id) {}

    private BpfObject(Pointer object) {
        this.object = object;
    }

    /**
     * Loads all programs, with maps as the C declares them.
     *
     * @throws KernelException as the other
     */
    public static BpfObject load(BpfSpec spec, DatapathConfig config, Path pinRoot) {
        return load(spec, config, MapSizes.DECLARED, pinRoot);
    }

    /**
     * Loads all programs.
     *
     * @param pinRoot directory on a bpffs that exists; each map is pinned there by its name
     * @throws KernelException with what the verifier or libbpf said
     */
    public static BpfObject load(BpfSpec spec, DatapathConfig config, MapSizes sizes, Path pinRoot) {
        String attempt = "load datapath";
        Map<String, MapSpec> wanted = sizes.apply(spec);
        Map<String, BpfMap> replaced = new HashMap<>();
        return Bpf.explained(attempt, () -> {
            byte[] bytes = spec.object();
            // libbpf reads these bytes until the load is done.
            ByteBuffer memory = Bpf.buffer(bytes.length).put(0, bytes);
            Pointer opened = Bpf.pointer(attempt, () -> Bpf.LIB.bpf_object__open_mem(memory, bytes.length, null));
            BpfObject object = new BpfObject(opened);
            try {
                wanted.forEach((name, map) ->
                        other(pinRoot.resolve(name), name, map).ifPresent(old -> replaced.put(name, old)));
                object.prepare(spec, wanted, config, name -> replaced.containsKey(name) ? null : pinRoot.resolve(name));
                Native.call(attempt, () -> Bpf.LIB.bpf_object__load(opened));
                object.collect(wanted);
                replaced.forEach((name, old) -> object.upgrade.add(pinRoot.resolve(name), old, object.map(name)));
                return object;
            } catch (KernelException e) {
                replaced.values().forEach(BpfMap::close);
                object.close();
                throw e;
            } finally {
                Reference.reachabilityFence(memory);
            }
        });
    }

    /** The map that is pinned, opened, when it is another than wanted. */
    private static Optional<BpfMap> other(Path pin, String name, MapSpec wanted) {
        if (!Files.exists(pin)) {
            return Optional.empty();
        }
        int fd = Native.call("open map " + pin, () -> Bpf.LIB.bpf_obj_get(pin.toString()));
        MapLayout found;
        try {
            found = MapLayout.of(pin, fd);
        } catch (KernelException e) {
            Bpf.close(fd);
            throw e;
        }
        if (found.equals(MapLayout.of(wanted))) {
            Bpf.close(fd);
            return Optional.empty();
        }
        return Optional.of(new BpfMap(
                name,
                fd,
                new MapSpec(
                        found.type(),
                        found.keySize(),
                        found.valueSize(),
                        found.maxEntries(),
                        found.flags(),
                        wanted.keyType(),
                        wanted.valueType())));
    }

    private void prepare(
            BpfSpec spec, Map<String, MapSpec> wanted, DatapathConfig config, Function<String, @Nullable Path> pins) {
        for (Pointer map : all(Bpf.LIB::bpf_object__next_map)) {
            String name = Bpf.LIB.bpf_map__name(map);
            MapSpec sized = wanted.get(name);
            if (name.endsWith(".rodata")) {
                setConstants(map, spec, config);
            } else if (sized != null) {
                int entries = sized.maxEntries();
                Native.call("size of map " + name, () -> Bpf.LIB.bpf_map__set_max_entries(map, entries));
                Path pin = pins.apply(name);
                if (pin != null) {
                    Native.call("pin path " + pin, () -> Bpf.LIB.bpf_map__set_pin_path(map, pin.toString()));
                }
            }
        }
    }

    private static void setConstants(Pointer map, BpfSpec spec, DatapathConfig config) {
        ByteBuffer size = Bpf.buffer(Long.BYTES);
        Pointer data = Bpf.pointer("constants", () -> Bpf.LIB.bpf_map__initial_value(map, size));
        config.constants().forEach((name, bytes) -> {
            Field field = spec.constants().get(name);
            if (field == null || field.size() != bytes.length || field.offset() + field.size() > size.getLong(0)) {
                throw new KernelException(
                        "constant " + name,
                        0,
                        field + " in the object (expected: " + bytes.length + " bytes)",
                        FailureKind.GIVE_UP);
            }
            data.put(field.offset(), bytes, 0, bytes.length);
        });
    }

    private void collect(Map<String, MapSpec> wanted) {
        for (Pointer map : all(Bpf.LIB::bpf_object__next_map)) {
            String name = Bpf.LIB.bpf_map__name(map);
            MapSpec spec = wanted.get(name);
            if (spec != null) {
                maps.put(name, new BpfMap(name, Bpf.LIB.bpf_map__fd(map), spec));
            }
        }
        for (Pointer program : all(Bpf.LIB::bpf_object__next_program)) {
            String name = Bpf.LIB.bpf_program__name(program);
            int fd = Bpf.LIB.bpf_program__fd(program);
            var info = KernelTypes.running().programInfo().allocate();
            ByteBuffer length = Bpf.integer(info.buffer().capacity());
            Native.call("program info " + name, () -> Bpf.LIB.bpf_obj_get_info_by_fd(fd, info.buffer(), length));
            programs.put(name, new Program(name, fd, info.getInt("id")));
        }
    }

    private Iterable<Pointer> all(BiFunction<Pointer, @Nullable Pointer, @Nullable Pointer> next) {
        List<Pointer> found = new ArrayList<>();
        for (Pointer at = next.apply(object, null); at != null; at = next.apply(object, at)) {
            found.add(at);
        }
        return found;
    }

    /** An open map; closed with the object, not by itself. */
    public BpfMap map(String name) {
        return found("map", name, maps);
    }

    /** A program, such as "from_container". */
    public Program program(String name) {
        return found("program", name, programs);
    }

    /** The programs by name. */
    public Map<String, Program> programs() {
        return Map.copyOf(programs);
    }

    /** Maps that stand beside pinned ones of another layout or size; closed with the object. */
    public MapUpgrade upgrade() {
        return upgrade;
    }

    private static <T> T found(String what, String name, Map<String, T> among) {
        T found = among.get(name);
        if (found == null) {
            throw new IllegalArgumentException(what + ": " + name + " (expected: one of " + among.keySet() + ")");
        }
        return found;
    }

    @Override
    public void close() {
        upgrade.close();
        if (!closed) {
            closed = true;
            Bpf.LIB.bpf_object__close(object);
        }
    }
}

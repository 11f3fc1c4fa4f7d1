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
import java.util.function.BiFunction;
import jnr.ffi.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * The datapath, loaded: its programs and open maps. Maps pinned by an earlier life are taken over with what is in them;
 * new ones are pinned. Closing it closes the descriptors; pinned maps and links stay.
 */
public final class BpfObject implements AutoCloseable {
    private final Pointer object;
    private final Map<String, BpfMap> maps = new HashMap<>();
    private final Map<String, Program> programs = new HashMap<>();

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
     * Loads all programs.
     *
     * @param pinRoot directory on a bpffs that exists; each map is pinned there by its name
     * @throws KernelException with what the verifier or libbpf said, or naming a pinned map of another layout
     */
    public static BpfObject load(BpfSpec spec, DatapathConfig config, Path pinRoot) {
        spec.maps().forEach((name, map) -> checkPin(pinRoot.resolve(name), map));
        String attempt = "load datapath";
        return Bpf.explained(attempt, () -> {
            byte[] bytes = spec.object();
            // libbpf reads these bytes until the load is done.
            ByteBuffer memory = Bpf.buffer(bytes.length).put(0, bytes);
            Pointer opened = Bpf.pointer(attempt, () -> Bpf.LIB.bpf_object__open_mem(memory, bytes.length, null));
            BpfObject object = new BpfObject(opened);
            try {
                object.prepare(spec, config, pinRoot);
                Native.call(attempt, () -> Bpf.LIB.bpf_object__load(opened));
                object.collect(spec);
                return object;
            } catch (KernelException e) {
                object.close();
                throw e;
            } finally {
                Reference.reachabilityFence(memory);
            }
        });
    }

    private static void checkPin(Path pin, MapSpec expected) {
        if (!Files.exists(pin)) {
            return;
        }
        int fd = Native.call("open map " + pin, () -> Bpf.LIB.bpf_obj_get(pin.toString()));
        try {
            BpfMap.checkLayout(pin, fd, expected);
        } finally {
            Bpf.close(fd);
        }
    }

    private void prepare(BpfSpec spec, DatapathConfig config, Path pinRoot) {
        for (Pointer map : all(Bpf.LIB::bpf_object__next_map)) {
            String name = Bpf.LIB.bpf_map__name(map);
            if (name.endsWith(".rodata")) {
                setConstants(map, spec, config);
            } else if (spec.maps().containsKey(name)) {
                String pin = pinRoot.resolve(name).toString();
                Native.call("pin path " + pin, () -> Bpf.LIB.bpf_map__set_pin_path(map, pin));
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

    private void collect(BpfSpec spec) {
        for (Pointer map : all(Bpf.LIB::bpf_object__next_map)) {
            String name = Bpf.LIB.bpf_map__name(map);
            if (spec.maps().containsKey(name)) {
                maps.put(name, new BpfMap(name, Bpf.LIB.bpf_map__fd(map), spec.map(name)));
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

    private static <T> T found(String what, String name, Map<String, T> among) {
        T found = among.get(name);
        if (found == null) {
            throw new IllegalArgumentException(what + ": " + name + " (expected: one of " + among.keySet() + ")");
        }
        return found;
    }

    @Override
    public void close() {
        Bpf.LIB.bpf_object__close(object);
    }
}

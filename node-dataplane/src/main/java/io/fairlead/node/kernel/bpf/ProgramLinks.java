package io.fairlead.node.kernel.bpf;

import io.fairlead.contract.FailureKind;
import io.fairlead.node.kernel.Attachment;
import io.fairlead.node.kernel.Hook;
import io.fairlead.node.kernel.Hook.Direction;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.KernelTable;
import io.fairlead.node.kernel.ffi.Bpf;
import io.fairlead.node.kernel.ffi.Native;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import jnr.constants.platform.Errno;

/**
 * The programs at their hooks: tcx links, each pinned, so that they outlive the agent. A link whose device died, or that
 * was detached behind our back, shows as ifindex 0.
 *
 * <p>Devices are looked for in the network namespace of the calling thread.
 */
public final class ProgramLinks implements KernelTable<Hook, Attachment> {
    private final Path directory;

    /** @param directory on a bpffs; made if it is not there, together with what is pinned first */
    public ProgramLinks(Path directory) {
        this.directory = directory;
    }

    @Override
    public String name() {
        return "links";
    }

    @Override
    public Map<Hook, Attachment> load() {
        Map<Hook, Attachment> links = new LinkedHashMap<>();
        for (Path pin : pins()) {
            hook(pin.getFileName().toString()).ifPresent(hook -> {
                int fd = open(pin);
                try {
                    links.put(hook, info(pin, fd));
                } finally {
                    Bpf.close(fd);
                }
            });
        }
        return links;
    }

    /** What is attached at one hook. */
    Optional<Attachment> find(Hook hook) {
        Path pin = pin(hook);
        if (!Files.exists(pin)) {
            return Optional.empty();
        }
        int fd = open(pin);
        try {
            return Optional.of(info(pin, fd));
        } finally {
            Bpf.close(fd);
        }
    }

    @Override
    public Map<Hook, KernelException> upsert(Map<Hook, Attachment> entries) {
        Map<Hook, KernelException> failures = new LinkedHashMap<>();
        entries.forEach((hook, wanted) -> {
            try {
                attach(hook, wanted);
            } catch (KernelException e) {
                failures.put(hook, e);
            }
        });
        return failures;
    }

    @Override
    public Map<Hook, KernelException> delete(Collection<Hook> hooks) {
        Map<Hook, KernelException> failures = new LinkedHashMap<>();
        for (Hook hook : hooks) {
            try {
                Path pin = pin(hook);
                if (Files.exists(pin)) {
                    detach(pin);
                }
            } catch (KernelException e) {
                failures.put(hook, e);
            }
        }
        return failures;
    }

    private void attach(Hook hook, Attachment wanted) {
        if (wanted.ifindex() <= 0) {
            throw new KernelException(
                    "attach " + text(hook),
                    0,
                    "ifindex " + wanted.ifindex() + " (expected: a device)",
                    FailureKind.RESYNC);
        }
        int program = Native.call(
                "open program " + wanted.programId() + " for " + text(hook),
                () -> Bpf.LIB.bpf_prog_get_fd_by_id(wanted.programId()));
        try {
            Path pin = pin(hook);
            if (Files.exists(pin)) {
                if (update(pin, hook, wanted, program)) {
                    return;
                }
                detach(pin);
            }
            create(pin, hook, wanted.ifindex(), program);
        } finally {
            Bpf.close(program);
        }
    }

    /** Puts the program into a link that is on the device already, without a packet seeing none; else says false. */
    private static boolean update(Path pin, Hook hook, Attachment wanted, int program) {
        int fd = open(pin);
        try {
            Attachment there = info(pin, fd);
            if (there.ifindex() != wanted.ifindex()) {
                return false;
            }
            if (there.programId() != wanted.programId()) {
                Native.call("update link " + text(hook), () -> Bpf.LIB.bpf_link_update(fd, program, null));
            }
            return true;
        } finally {
            Bpf.close(fd);
        }
    }

    private void create(Path pin, Hook hook, int ifindex, int program) {
        makeDirectory();
        KernelTypes kernel = KernelTypes.running();
        int type = kernel.number(hook.direction() == Direction.INGRESS ? "BPF_TCX_INGRESS" : "BPF_TCX_EGRESS");
        int fd = Native.call("attach " + text(hook), () -> Bpf.LIB.bpf_link_create(program, ifindex, type, null));
        try {
            // Without its pin the link goes when the descriptor does: nothing half done stays.
            Native.call("pin link " + pin, () -> Bpf.LIB.bpf_obj_pin(fd, pin.toString()));
        } finally {
            Bpf.close(fd);
        }
    }

    private static void detach(Path pin) {
        int fd = open(pin);
        try {
            Native.call("detach link " + pin, () -> Bpf.LIB.bpf_link_detach(fd));
        } catch (KernelException e) {
            // The device is gone, and the attachment with it.
            if (e.errno() != Errno.ENOLINK.intValue() && e.errno() != Errno.ENODEV.intValue()) {
                throw e;
            }
        } finally {
            Bpf.close(fd);
        }
        try {
            Files.deleteIfExists(pin);
        } catch (IOException e) {
            throw failure("unpin link " + pin, e);
        }
    }

    private static int open(Path pin) {
        return Native.call("open link " + pin, () -> Bpf.LIB.bpf_obj_get(pin.toString()));
    }

    private static Attachment info(Path pin, int fd) {
        KernelTypes kernel = KernelTypes.running();
        var info = kernel.linkInfo().allocate();
        ByteBuffer length = Bpf.integer(info.buffer().capacity());
        Native.call("link info " + pin, () -> Bpf.LIB.bpf_obj_get_info_by_fd(fd, info.buffer(), length));
        if (info.getInt("type") != kernel.number("BPF_LINK_TYPE_TCX")) {
            throw new KernelException(
                    "link info " + pin,
                    0,
                    "link type " + info.getInt("type") + " (expected: tcx)",
                    FailureKind.GIVE_UP);
        }
        return new Attachment(info.getInt("tcx.ifindex"), info.getInt("prog_id"));
    }

    private List<Path> pins() {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> pins = Files.list(directory)) {
            return pins.sorted().toList();
        } catch (IOException e) {
            throw failure("list " + directory, e);
        }
    }

    private void makeDirectory() {
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw failure("make directory " + directory, e);
        }
    }

    private static KernelException failure(String attempt, IOException e) {
        KernelException failure = new KernelException(attempt, 0, String.valueOf(e.getMessage()), FailureKind.RETRY);
        failure.initCause(e);
        return failure;
    }

    private Path pin(Hook hook) {
        return directory.resolve(pinName(hook));
    }

    /** "lxc1.2" and ingress become "lxc1%2E2-ingress": a bpffs allows no dot in a name, and what it allows stays. */
    static String pinName(Hook hook) {
        StringBuilder name = new StringBuilder();
        for (byte b : hook.device().getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xff);
            boolean plain = c < 128 && (Character.isLetterOrDigit(c) || c == '_' || c == '-');
            name.append(plain ? String.valueOf(c) : String.format(Locale.ROOT, "%%%02X", (int) c));
        }
        return name + "-" + hook.direction().name().toLowerCase(Locale.ROOT);
    }

    /** The hook a pin is for; empty for a name that is not ours. */
    static Optional<Hook> hook(String pinName) {
        for (Direction direction : Direction.values()) {
            String end = "-" + direction.name().toLowerCase(Locale.ROOT);
            if (pinName.endsWith(end)) {
                String device = pinName.substring(0, pinName.length() - end.length());
                // '+' is a blank to the decoder, and pin names have none.
                return device.contains("+") || device.isEmpty()
                        ? Optional.empty()
                        : Optional.of(new Hook(URLDecoder.decode(device, StandardCharsets.UTF_8), direction));
            }
        }
        return Optional.empty();
    }

    private static String text(Hook hook) {
        return hook.device() + " " + hook.direction().name().toLowerCase(Locale.ROOT);
    }
}

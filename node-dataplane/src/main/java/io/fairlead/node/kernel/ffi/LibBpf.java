package io.fairlead.node.kernel.ffi;

import java.nio.ByteBuffer;
import jnr.ffi.Pointer;
import jnr.ffi.annotations.Delegate;
import org.jspecify.annotations.Nullable;

/**
 * Functions of libbpf 1.x, in C names. Those that return int return a negative error number and set errno, those that
 * return a pointer return NULL and set errno, so call both through {@link Native#call}.
 *
 * <p>Buffers are direct and in native byte order.
 */
@SuppressWarnings("MemberName")
public interface LibBpf {
    /** Gets every line libbpf has to say; the arguments are a va_list. */
    @FunctionalInterface
    interface Print {
        @Delegate
        int print(int level, Pointer format, Pointer arguments);
    }

    @Nullable
    Pointer libbpf_set_print(@Nullable Print print);

    int libbpf_num_possible_cpus();

    @Nullable
    Pointer bpf_object__open_mem(ByteBuffer object, long size, @Nullable Pointer options);

    int bpf_object__load(Pointer object);

    void bpf_object__close(Pointer object);

    @Nullable
    Pointer bpf_object__next_map(Pointer object, @Nullable Pointer previous);

    @Nullable
    Pointer bpf_object__next_program(Pointer object, @Nullable Pointer previous);

    String bpf_map__name(Pointer map);

    int bpf_map__fd(Pointer map);

    int bpf_map__set_max_entries(Pointer map, int entries);

    int bpf_map__set_pin_path(Pointer map, String path);

    @Nullable
    Pointer bpf_map__initial_value(Pointer map, ByteBuffer size);

    String bpf_program__name(Pointer program);

    int bpf_program__fd(Pointer program);

    int bpf_obj_get(String path);

    int bpf_obj_pin(int fd, String path);

    int bpf_obj_get_info_by_fd(int fd, ByteBuffer info, ByteBuffer length);

    int bpf_prog_get_fd_by_id(int id);

    int bpf_map_update_elem(int fd, ByteBuffer key, ByteBuffer value, long flags);

    int bpf_map_lookup_elem(int fd, ByteBuffer key, ByteBuffer value);

    int bpf_map_lookup_and_delete_elem(int fd, ByteBuffer key, ByteBuffer value);

    int bpf_map_delete_elem(int fd, ByteBuffer key);

    int bpf_map_update_batch(
            int fd, ByteBuffer keys, ByteBuffer values, ByteBuffer count, @Nullable ByteBuffer options);

    int bpf_map_delete_batch(int fd, ByteBuffer keys, ByteBuffer count, @Nullable Pointer options);

    int bpf_map_lookup_batch(
            int fd,
            @Nullable ByteBuffer from,
            ByteBuffer next,
            ByteBuffer keys,
            ByteBuffer values,
            ByteBuffer count,
            @Nullable Pointer options);

    int bpf_link_create(int programFd, int target, int attachType, @Nullable Pointer options);

    int bpf_link_update(int linkFd, int programFd, @Nullable Pointer options);

    int bpf_link_detach(int linkFd);
}

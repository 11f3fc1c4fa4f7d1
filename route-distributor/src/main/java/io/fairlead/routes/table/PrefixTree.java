package io.fairlead.routes.table;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Values by CIDR, of both families, and what contains what: one way down the bits tells whether anything overlaps a CIDR
 * (a radix tree whose nodes have a value or two children). Not safe for use by several threads.
 */
final class PrefixTree<V> {
    private @Nullable Node<V> v4;
    private @Nullable Node<V> v6;

    /** Leading bits that all below share; a fork of two when it has no value. */
    private static final class Node<V> {
        private final long high;
        private final long low;
        private final int length;
        private @Nullable Cidr cidr;
        private @Nullable V value;
        private @Nullable Node<V> zero;
        private @Nullable Node<V> one;

        Node(Bits bits, int length) {
            this.high = bits.high;
            this.low = bits.low;
            this.length = length;
        }

        private @Nullable Node<V> toward(Bits bits) {
            return bits.at(length) ? one : zero;
        }

        private void set(boolean bit, @Nullable Node<V> child) {
            if (bit) {
                one = child;
            } else {
                zero = child;
            }
        }
    }

    /** An address with its first bit leftmost, whatever its family. */
    private record Bits(long high, long low) {
        static Bits of(Ip ip) {
            return ip.isV4() ? new Bits(ip.low() << 32, 0) : new Bits(ip.high(), ip.low());
        }

        boolean at(int index) {
            return (index < 64 ? high << index : low << (index - 64)) < 0;
        }

        int shared(Node<?> node) {
            long difference = high ^ node.high;
            return difference != 0
                    ? Long.numberOfLeadingZeros(difference)
                    : 64 + Long.numberOfLeadingZeros(low ^ node.low);
        }
    }

    private @Nullable Node<V> root(Cidr cidr) {
        return cidr.address().isV4() ? v4 : v6;
    }

    private void root(Cidr cidr, @Nullable Node<V> root) {
        if (cidr.address().isV4()) {
            v4 = root;
        } else {
            v6 = root;
        }
    }

    /** The first node down the bits that is not shorter than the CIDR and lies in it. */
    private @Nullable Node<V> under(Cidr cidr) {
        Bits bits = Bits.of(cidr.address());
        Node<V> at = root(cidr);
        while (at != null && at.length < cidr.prefixLength() && bits.shared(at) >= at.length) {
            at = at.toward(bits);
        }
        return at != null && at.length >= cidr.prefixLength() && bits.shared(at) >= cidr.prefixLength() ? at : null;
    }

    @Nullable
    V get(Cidr cidr) {
        Node<V> found = under(cidr);
        return found == null || found.length > cidr.prefixLength() ? null : found.value;
    }

    void put(Cidr cidr, V value) {
        root(cidr, put(root(cidr), Bits.of(cidr.address()), cidr, value));
    }

    private static <V> Node<V> put(@Nullable Node<V> at, Bits bits, Cidr cidr, V value) {
        int length = cidr.prefixLength();
        int shared = at == null ? length : Math.min(bits.shared(at), Math.min(at.length, length));
        Node<V> target;
        if (at != null && shared == at.length) {
            target = at;
        } else {
            target = new Node<>(bits, shared);
            if (at != null) {
                target.set(new Bits(at.high, at.low).at(shared), at);
            }
        }
        if (shared == length) {
            target.cidr = cidr;
            target.value = value;
        } else {
            target.set(bits.at(shared), put(target.toward(bits), bits, cidr, value));
        }
        return target;
    }

    void remove(Cidr cidr) {
        root(cidr, remove(root(cidr), Bits.of(cidr.address()), cidr.prefixLength()));
    }

    private static <V> @Nullable Node<V> remove(@Nullable Node<V> at, Bits bits, int length) {
        if (at == null || at.length > length || bits.shared(at) < at.length) {
            return at;
        }
        if (at.length == length) {
            at.cidr = null;
            at.value = null;
        } else {
            at.set(bits.at(at.length), remove(at.toward(bits), bits, length));
        }
        if (at.value != null || (at.zero != null && at.one != null)) {
            return at;
        }
        return at.zero == null ? at.one : at.zero;
    }

    /** Whether no other CIDR with a value overlaps this one. */
    boolean isLone(Cidr cidr) {
        Bits bits = Bits.of(cidr.address());
        int length = cidr.prefixLength();
        Node<V> at = root(cidr);
        while (at != null && at.length < length && bits.shared(at) >= at.length) {
            if (at.value != null) {
                return false;
            }
            at = at.toward(bits);
        }
        if (at == null || bits.shared(at) < Math.min(at.length, length)) {
            return true;
        }
        return at.length == length && at.zero == null && at.one == null;
    }

    /** The widest CIDR with a value that contains this one, or itself. */
    Cidr widest(Cidr cidr) {
        Bits bits = Bits.of(cidr.address());
        Node<V> at = root(cidr);
        while (at != null && at.length < cidr.prefixLength() && bits.shared(at) >= at.length) {
            if (at.cidr != null) {
                return at.cidr;
            }
            at = at.toward(bits);
        }
        return cidr;
    }

    /** The values within a CIDR, its own included, sorted by CIDR. */
    List<V> within(Cidr cidr) {
        List<V> all = new ArrayList<>();
        visit(under(cidr), (in, value) -> all.add(value));
        return all;
    }

    /** Visits all, sorted by CIDR. */
    void forEach(BiConsumer<? super Cidr, ? super V> visitor) {
        visit(v4, visitor);
        visit(v6, visitor);
    }

    private static <V> void visit(@Nullable Node<V> at, BiConsumer<? super Cidr, ? super V> visitor) {
        if (at == null) {
            return;
        }
        if (at.cidr != null && at.value != null) {
            visitor.accept(at.cidr, at.value);
        }
        visit(at.zero, visitor);
        visit(at.one, visitor);
    }
}

package io.fairlead.node.desired;

import java.util.AbstractMap;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A node of a {@link PersistentMap}: up to 32 places, told apart by five bits of the hash, each empty, an entry or a node.
 *
 * <p>Keys and values of entries come first, in the order of places, then the nodes. Below the last bits of the hash a node is
 * a plain list of entries. Unchanged once the call that made it is over.
 */
final class TrieNode {
    static final TrieNode EMPTY = new TrieNode(0, 0, new Object[0], new Edit());

    private static final int BITS = 5;
    private static final int HASH_BITS = 32;

    private final int entries;
    private final int nodes;
    private final Object[] slots;
    private final Edit maker;

    /** One call on a map: nodes it made may be altered by it in place, as nobody else has seen them. */
    static final class Edit {
        private int growth;

        int growth() {
            return growth;
        }
    }

    private TrieNode(int entries, int nodes, Object[] slots, Edit maker) {
        this.entries = entries;
        this.nodes = nodes;
        this.slots = slots;
        this.maker = maker;
    }

    /** Spreads what differs in few bits, as prefixes of one length do, over all of them. */
    static int hash(Object key) {
        int hash = key.hashCode() * 0x9e3779b9;
        return hash ^ hash >>> 15;
    }

    private static int bit(int hash, int shift) {
        return 1 << (hash >>> shift & 31);
    }

    private static boolean isList(int shift) {
        return shift >= HASH_BITS;
    }

    private int keyAt(int bit) {
        return 2 * Integer.bitCount(entries & bit - 1);
    }

    private int nodeAt(int bit) {
        return 2 * Integer.bitCount(entries) + Integer.bitCount(nodes & bit - 1);
    }

    private int listed(Object key) {
        for (int i = 0; i < slots.length; i += 2) {
            if (slots[i].equals(key)) {
                return i;
            }
        }
        return -1;
    }

    @Nullable
    Object get(int hash, int shift, Object key) {
        TrieNode node = this;
        int at = shift;
        while (!isList(at)) {
            int bit = bit(hash, at);
            if ((node.entries & bit) != 0) {
                int slot = node.keyAt(bit);
                return node.slots[slot].equals(key) ? node.slots[slot + 1] : null;
            }
            if ((node.nodes & bit) == 0) {
                return null;
            }
            node = (TrieNode) node.slots[node.nodeAt(bit)];
            at += BITS;
        }
        int slot = node.listed(key);
        return slot < 0 ? null : node.slots[slot + 1];
    }

    TrieNode with(int hash, int shift, Object key, Object value, Edit edit) {
        if (isList(shift)) {
            int slot = listed(key);
            if (slot >= 0) {
                return replaced(slot, key, value, edit);
            }
            edit.growth++;
            return new TrieNode(0, 0, inserted(slots.length, key, value), edit);
        }
        int bit = bit(hash, shift);
        if ((entries & bit) != 0) {
            int slot = keyAt(bit);
            if (slots[slot].equals(key)) {
                return replaced(slot, key, value, edit);
            }
            TrieNode both = EMPTY.with(hash(slots[slot]), shift + BITS, slots[slot], slots[slot + 1], edit)
                    .with(hash, shift + BITS, key, value, edit);
            edit.growth--; // the one that was there is moved only
            return moved(bit, slot, both, edit);
        }
        if ((nodes & bit) != 0) {
            int slot = nodeAt(bit);
            TrieNode before = (TrieNode) slots[slot];
            TrieNode after = before.with(hash, shift + BITS, key, value, edit);
            return after == before ? this : set(slot, after, edit);
        }
        edit.growth++;
        return new TrieNode(entries | bit, nodes, inserted(keyAt(bit), key, value), edit);
    }

    private TrieNode replaced(int slot, Object key, Object value, Edit edit) {
        Object before = slots[slot + 1];
        return before == value || before.equals(value)
                ? this
                : set(slot, key, edit).set(slot + 1, value, edit);
    }

    private TrieNode set(int slot, Object what, Edit edit) {
        if (maker == edit) {
            slots[slot] = what;
            return this;
        }
        Object[] copy = slots.clone();
        copy[slot] = what;
        return new TrieNode(entries, nodes, copy, edit);
    }

    private Object[] inserted(int slot, Object key, Object value) {
        Object[] more = new Object[slots.length + 2];
        System.arraycopy(slots, 0, more, 0, slot);
        more[slot] = key;
        more[slot + 1] = value;
        System.arraycopy(slots, slot, more, slot + 2, slots.length - slot);
        return more;
    }

    /** An entry's place taken by a node. */
    private TrieNode moved(int bit, int slot, TrieNode node, Edit edit) {
        Object[] changed = new Object[slots.length - 1];
        int last = nodeAt(bit) - 2;
        System.arraycopy(slots, 0, changed, 0, slot);
        System.arraycopy(slots, slot + 2, changed, slot, last - slot);
        changed[last] = node;
        System.arraycopy(slots, last + 2, changed, last + 1, slots.length - last - 2);
        return new TrieNode(entries ^ bit, nodes | bit, changed, edit);
    }

    TrieNode without(int hash, int shift, Object key, Edit edit) {
        if (isList(shift)) {
            int slot = listed(key);
            return slot < 0 ? this : lessEntry(0, slot, edit);
        }
        int bit = bit(hash, shift);
        if ((entries & bit) != 0) {
            int slot = keyAt(bit);
            return slots[slot].equals(key) ? lessEntry(bit, slot, edit) : this;
        }
        if ((nodes & bit) == 0) {
            return this;
        }
        int slot = nodeAt(bit);
        TrieNode before = (TrieNode) slots[slot];
        TrieNode after = before.without(hash, shift + BITS, key, edit);
        if (after == before) {
            return this;
        }
        // what is left of a node goes where it would be had there never been more: equal maps have equal tries
        return after.isOneEntry() ? back(bit, slot, after, edit) : set(slot, after, edit);
    }

    private boolean isOneEntry() {
        return nodes == 0 && slots.length == 2;
    }

    private TrieNode lessEntry(int bit, int slot, Edit edit) {
        edit.growth--;
        Object[] less = new Object[slots.length - 2];
        System.arraycopy(slots, 0, less, 0, slot);
        System.arraycopy(slots, slot + 2, less, slot, less.length - slot);
        return new TrieNode(entries & ~bit, nodes, less, edit);
    }

    /** A node's place taken by the only entry it has left. */
    private TrieNode back(int bit, int slot, TrieNode node, Edit edit) {
        Object[] changed = new Object[slots.length + 1];
        int at = keyAt(bit);
        System.arraycopy(slots, 0, changed, 0, at);
        changed[at] = node.slots[0];
        changed[at + 1] = node.slots[1];
        System.arraycopy(slots, at, changed, at + 2, slot - at);
        System.arraycopy(slots, slot + 1, changed, slot + 2, slots.length - slot - 1);
        return new TrieNode(entries | bit, nodes ^ bit, changed, edit);
    }

    void forEach(BiConsumer<Object, Object> action) {
        int end = firstNode();
        for (int i = 0; i < end; i += 2) {
            action.accept(slots[i], slots[i + 1]);
        }
        for (int i = end; i < slots.length; i++) {
            ((TrieNode) slots[i]).forEach(action);
        }
    }

    private int firstNode() {
        return nodes == 0 ? slots.length : 2 * Integer.bitCount(entries);
    }

    /** Says in what two nodes of the same place differ. */
    static <K, V> void differences(
            TrieNode before, TrieNode after, int shift, PersistentMap.Difference<? super K, ? super V> to) {
        if (before == after) {
            return;
        }
        if (isList(shift)) {
            listDifferences(before, after, to);
            return;
        }
        int all = before.entries | before.nodes | after.entries | after.nodes;
        int deeper = before.nodes | after.nodes;
        for (int rest = all; rest != 0; rest &= rest - 1) {
            int bit = Integer.lowestOneBit(rest);
            if ((deeper & bit) == 0) {
                entryDifference(before, after, bit, to);
            } else {
                differences(before.below(bit, shift), after.below(bit, shift), shift + BITS, to);
            }
        }
    }

    @SuppressWarnings("unchecked") // the maps' own keys and values
    private static <K, V> void entryDifference(
            TrieNode before, TrieNode after, int bit, PersistentMap.Difference<K, V> to) {
        int one = (before.entries & bit) == 0 ? -1 : before.keyAt(bit);
        int other = (after.entries & bit) == 0 ? -1 : after.keyAt(bit);
        if (one >= 0 && other >= 0 && before.slots[one].equals(after.slots[other])) {
            Object value = before.slots[one + 1];
            if (value != after.slots[other + 1] && !value.equals(after.slots[other + 1])) {
                to.at((K) before.slots[one], (V) value, (V) after.slots[other + 1]);
            }
            return;
        }
        if (one >= 0) {
            to.at((K) before.slots[one], (V) before.slots[one + 1], null);
        }
        if (other >= 0) {
            to.at((K) after.slots[other], null, (V) after.slots[other + 1]);
        }
    }

    @SuppressWarnings("unchecked") // as above
    private static <K, V> void listDifferences(TrieNode before, TrieNode after, PersistentMap.Difference<K, V> to) {
        for (int i = 0; i < before.slots.length; i += 2) {
            int there = after.listed(before.slots[i]);
            Object now = there < 0 ? null : after.slots[there + 1];
            if (!before.slots[i + 1].equals(now)) {
                to.at((K) before.slots[i], (V) before.slots[i + 1], (V) now);
            }
        }
        for (int i = 0; i < after.slots.length; i += 2) {
            if (before.listed(after.slots[i]) < 0) {
                to.at((K) after.slots[i], null, (V) after.slots[i + 1]);
            }
        }
    }

    /** What a place holds, as a node. */
    private TrieNode below(int bit, int shift) {
        if ((nodes & bit) != 0) {
            return (TrieNode) slots[nodeAt(bit)];
        }
        if ((entries & bit) == 0) {
            return EMPTY;
        }
        int slot = keyAt(bit);
        return EMPTY.with(hash(slots[slot]), shift + BITS, slots[slot], slots[slot + 1], new Edit());
    }

    /** Walks over all entries. */
    static final class Walk implements Iterator<Map.Entry<Object, Object>> {
        private final Deque<TrieNode> waiting = new ArrayDeque<>();
        private TrieNode node;
        private int next;

        Walk(TrieNode root) {
            node = root;
            findEntry();
        }

        private void findEntry() {
            while (next >= node.firstNode()) {
                for (int i = node.firstNode(); i < node.slots.length; i++) {
                    waiting.push((TrieNode) node.slots[i]);
                }
                if (waiting.isEmpty()) {
                    node = EMPTY;
                    return;
                }
                node = waiting.pop();
                next = 0;
            }
        }

        @Override
        public boolean hasNext() {
            return node != EMPTY;
        }

        @Override
        public Map.Entry<Object, Object> next() {
            if (node == EMPTY) {
                throw new NoSuchElementException();
            }
            Map.Entry<Object, Object> entry =
                    new AbstractMap.SimpleImmutableEntry<>(node.slots[next], node.slots[next + 1]);
            next += 2;
            findEntry();
            return entry;
        }
    }
}

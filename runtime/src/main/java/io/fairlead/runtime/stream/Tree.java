package io.fairlead.runtime.stream;

import java.util.Comparator;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/**
 * A sorted map that never changes: a changed copy shares all but the path to the change (a balanced tree after Adelson-
 * Velsky and Landis). Reading and changing take logarithmic time.
 */
final class Tree<K, V> {
    private final Comparator<? super K> order;
    private final @Nullable Node<K, V> root;

    private record Node<K, V>(
            K key,
            V value,
            @Nullable Node<K, V> left,
            @Nullable Node<K, V> right,
            int height,
            int size) {}

    /** An entry. */
    record Pair<K, V>(K key, V value) {}

    private Tree(Comparator<? super K> order, @Nullable Node<K, V> root) {
        this.order = order;
        this.root = root;
    }

    static <K, V> Tree<K, V> empty(Comparator<? super K> order) {
        return new Tree<>(order, null);
    }

    int size() {
        return size(root);
    }

    @Nullable
    V get(K key) {
        Node<K, V> at = root;
        while (at != null) {
            int way = order.compare(key, at.key());
            if (way == 0) {
                return at.value();
            }
            at = way < 0 ? at.left() : at.right();
        }
        return null;
    }

    Tree<K, V> put(K key, V value) {
        return new Tree<>(order, put(root, key, value));
    }

    Tree<K, V> remove(K key) {
        return get(key) == null ? this : new Tree<>(order, remove(root, key));
    }

    @Nullable
    Pair<K, V> first() {
        if (root == null) {
            return null;
        }
        Node<K, V> at = leftmost(root);
        return new Pair<>(at.key(), at.value());
    }

    @Nullable
    Pair<K, V> last() {
        Node<K, V> at = root;
        for (Node<K, V> right = at == null ? null : at.right(); right != null; right = at.right()) {
            at = right;
        }
        return at == null ? null : new Pair<>(at.key(), at.value());
    }

    /** Visits entries in order until the visitor says false. */
    void forEach(BiPredicate<? super K, ? super V> visitor) {
        visit(root, null, visitor);
    }

    /** Visits entries whose keys are not less than {@code from}, in order, until the visitor says false. */
    void forEachFrom(K from, BiPredicate<? super K, ? super V> visitor) {
        visit(root, from, visitor);
    }

    private boolean visit(@Nullable Node<K, V> at, @Nullable K from, BiPredicate<? super K, ? super V> visitor) {
        if (at == null) {
            return true;
        }
        boolean inside = from == null || order.compare(at.key(), from) >= 0;
        if (!inside) {
            return visit(at.right(), from, visitor);
        }
        return visit(at.left(), from, visitor)
                && visitor.test(at.key(), at.value())
                && visit(at.right(), null, visitor);
    }

    private Node<K, V> put(@Nullable Node<K, V> at, K key, V value) {
        if (at == null) {
            return node(key, value, null, null);
        }
        int way = order.compare(key, at.key());
        if (way == 0) {
            return node(key, value, at.left(), at.right());
        }
        return way < 0
                ? balanced(at.key(), at.value(), put(at.left(), key, value), at.right())
                : balanced(at.key(), at.value(), at.left(), put(at.right(), key, value));
    }

    private @Nullable Node<K, V> remove(@Nullable Node<K, V> at, K key) {
        if (at == null) {
            return null;
        }
        int way = order.compare(key, at.key());
        if (way < 0) {
            return balanced(at.key(), at.value(), remove(at.left(), key), at.right());
        }
        if (way > 0) {
            return balanced(at.key(), at.value(), at.left(), remove(at.right(), key));
        }
        if (at.left() == null || at.right() == null) {
            return at.left() == null ? at.right() : at.left();
        }
        Node<K, V> next = leftmost(at.right());
        return balanced(next.key(), next.value(), at.left(), remove(at.right(), next.key()));
    }

    private static <K, V> Node<K, V> leftmost(Node<K, V> from) {
        Node<K, V> at = from;
        for (Node<K, V> left = at.left(); left != null; left = at.left()) {
            at = left;
        }
        return at;
    }

    private static <K, V> Node<K, V> balanced(K key, V value, @Nullable Node<K, V> left, @Nullable Node<K, V> right) {
        if (left != null && height(left) > height(right) + 1) {
            Node<K, V> inner = left.right();
            if (inner == null || height(left.left()) >= height(inner)) {
                return node(left.key(), left.value(), left.left(), node(key, value, inner, right));
            }
            return node(
                    inner.key(),
                    inner.value(),
                    node(left.key(), left.value(), left.left(), inner.left()),
                    node(key, value, inner.right(), right));
        }
        if (right != null && height(right) > height(left) + 1) {
            Node<K, V> inner = right.left();
            if (inner == null || height(right.right()) >= height(inner)) {
                return node(right.key(), right.value(), node(key, value, left, inner), right.right());
            }
            return node(
                    inner.key(),
                    inner.value(),
                    node(key, value, left, inner.left()),
                    node(right.key(), right.value(), inner.right(), right.right()));
        }
        return node(key, value, left, right);
    }

    private static <K, V> Node<K, V> node(K key, V value, @Nullable Node<K, V> left, @Nullable Node<K, V> right) {
        int height = 1 + Math.max(height(left), height(right));
        return new Node<>(key, value, left, right, height, 1 + size(left) + size(right));
    }

    private static int height(@Nullable Node<?, ?> node) {
        return node == null ? 0 : node.height();
    }

    private static int size(@Nullable Node<?, ?> node) {
        return node == null ? 0 : node.size();
    }

    /** Height of the tree, for tests of its balance. */
    int height() {
        return height(root);
    }
}

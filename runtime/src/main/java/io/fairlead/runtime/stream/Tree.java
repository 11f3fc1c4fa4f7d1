package io.fairlead.runtime.stream;

import java.util.Comparator;
import java.util.List;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/**
 * A sorted map that never changes: a changed copy shares all but the paths to the changes (a balanced tree after Adelson-
 * Velsky and Landis). Reading and changing take logarithmic time; of several changes made in one {@link Edit} each touched
 * node is copied once.
 */
final class Tree<K, V> {
    private final Comparator<? super K> order;
    private final @Nullable Node<K, V> root;

    /** An entry. */
    record Pair<K, V>(K key, V value) {}

    /** Never changes once its owner is done. */
    private static final class Node<K, V> {
        private K key;
        private V value;
        private @Nullable Node<K, V> left;
        private @Nullable Node<K, V> right;
        private int height = 1;
        private int size = 1;
        // who may change it; compared only, so that a node keeps no edit alive
        private final Object owner;

        Node(K key, V value, Object owner) {
            this.key = key;
            this.value = value;
            this.owner = owner;
        }

        Node<K, V> copy(Object newOwner) {
            Node<K, V> copy = new Node<>(key, value, newOwner);
            copy.left = left;
            copy.right = right;
            copy.height = height;
            copy.size = size;
            return copy;
        }

        void measure() {
            height = 1 + Math.max(Tree.height(left), Tree.height(right));
            size = 1 + Tree.size(left) + Tree.size(right);
        }
    }

    private Tree(Comparator<? super K> order, @Nullable Node<K, V> root) {
        this.order = order;
        this.root = root;
    }

    static <K, V> Tree<K, V> empty(Comparator<? super K> order) {
        return new Tree<>(order, null);
    }

    /** The map of entries that are in order, no key twice. Takes linear time. */
    static <K, V> Tree<K, V> sorted(Comparator<? super K> order, List<Pair<K, V>> entries) {
        return new Tree<>(order, balanced(entries, new Object()));
    }

    private static <K, V> @Nullable Node<K, V> balanced(List<Pair<K, V>> entries, Object owner) {
        if (entries.isEmpty()) {
            return null;
        }
        int middle = entries.size() / 2;
        Pair<K, V> entry = entries.get(middle);
        Node<K, V> node = new Node<>(entry.key(), entry.value(), owner);
        node.left = balanced(entries.subList(0, middle), owner);
        node.right = balanced(entries.subList(middle + 1, entries.size()), owner);
        node.measure();
        return node;
    }

    int size() {
        return size(root);
    }

    @Nullable
    V get(K key) {
        return find(order, root, key);
    }

    private static <K, V> @Nullable V find(Comparator<? super K> order, @Nullable Node<K, V> root, K key) {
        Node<K, V> at = root;
        while (at != null) {
            int way = order.compare(key, at.key);
            if (way == 0) {
                return at.value;
            }
            at = way < 0 ? at.left : at.right;
        }
        return null;
    }

    /** Begins several changes; this map stays as it is. */
    Edit<K, V> edit() {
        return new Edit<>(this);
    }

    @Nullable
    Pair<K, V> first() {
        if (root == null) {
            return null;
        }
        Node<K, V> at = leftmost(root);
        return new Pair<>(at.key, at.value);
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
        boolean inside = from == null || order.compare(at.key, from) >= 0;
        if (!inside) {
            return visit(at.right, from, visitor);
        }
        return visit(at.left, from, visitor) && visitor.test(at.key, at.value) && visit(at.right, null, visitor);
    }

    private static <K, V> Node<K, V> leftmost(Node<K, V> from) {
        Node<K, V> at = from;
        for (Node<K, V> left = at.left; left != null; left = at.left) {
            at = left;
        }
        return at;
    }

    private static int height(@Nullable Node<?, ?> node) {
        return node == null ? 0 : node.height;
    }

    private static int size(@Nullable Node<?, ?> node) {
        return node == null ? 0 : node.size;
    }

    /** Height of the tree, for tests of its balance. */
    int height() {
        return height(root);
    }

    /** Changes that become a map together. Its nodes are changed in place, those of other maps are copied first. */
    static final class Edit<K, V> {
        private final Comparator<? super K> order;
        private final Tree<K, V> before;
        private @Nullable Node<K, V> root;
        private Object owner = new Object();

        private Edit(Tree<K, V> before) {
            this.order = before.order;
            this.before = before;
            this.root = before.root;
        }

        int size() {
            return Tree.size(root);
        }

        @Nullable
        V get(K key) {
            return find(order, root, key);
        }

        @Nullable
        Pair<K, V> first() {
            Node<K, V> from = root;
            if (from == null) {
                return null;
            }
            Node<K, V> at = leftmost(from);
            return new Pair<>(at.key, at.value);
        }

        void put(K key, V value) {
            root = put(root, key, value);
        }

        void remove(K key) {
            if (get(key) != null) {
                root = remove(root, key);
            }
        }

        /** The map with all changes so far; what comes later does not change it. */
        Tree<K, V> done() {
            owner = new Object();
            return root == before.root ? before : new Tree<>(order, root);
        }

        private Node<K, V> mine(Node<K, V> node) {
            return node.owner == owner ? node : node.copy(owner);
        }

        private Node<K, V> put(@Nullable Node<K, V> at, K key, V value) {
            if (at == null) {
                return new Node<>(key, value, owner);
            }
            int way = order.compare(key, at.key);
            Node<K, V> own = mine(at);
            if (way == 0) {
                own.key = key;
                own.value = value;
                return own;
            }
            if (way < 0) {
                own.left = put(own.left, key, value);
            } else {
                own.right = put(own.right, key, value);
            }
            return balanced(own);
        }

        private @Nullable Node<K, V> remove(@Nullable Node<K, V> at, K key) {
            if (at == null) {
                return null;
            }
            int way = order.compare(key, at.key);
            if (way == 0 && (at.left == null || at.right == null)) {
                return at.left == null ? at.right : at.left;
            }
            Node<K, V> own = mine(at);
            Node<K, V> right = own.right;
            if (way < 0) {
                own.left = remove(own.left, key);
            } else if (way > 0 || right == null) {
                own.right = remove(right, key);
            } else {
                Node<K, V> next = leftmost(right);
                own.key = next.key;
                own.value = next.value;
                own.right = remove(right, next.key);
            }
            return balanced(own);
        }

        private Node<K, V> balanced(Node<K, V> own) {
            Node<K, V> left = own.left;
            Node<K, V> right = own.right;
            if (left != null && height(left) > height(right) + 1) {
                Node<K, V> child = mine(left);
                Node<K, V> inner = child.right;
                if (inner != null && height(child.left) < height(inner)) {
                    child = leftTurn(child, mine(inner));
                }
                return rightTurn(own, child);
            }
            if (right != null && height(right) > height(left) + 1) {
                Node<K, V> child = mine(right);
                Node<K, V> inner = child.left;
                if (inner != null && height(child.right) < height(inner)) {
                    child = rightTurn(child, mine(inner));
                }
                return leftTurn(own, child);
            }
            own.measure();
            return own;
        }

        private static <K, V> Node<K, V> rightTurn(Node<K, V> top, Node<K, V> left) {
            top.left = left.right;
            top.measure();
            left.right = top;
            left.measure();
            return left;
        }

        private static <K, V> Node<K, V> leftTurn(Node<K, V> top, Node<K, V> right) {
            top.right = right.left;
            top.measure();
            right.left = top;
            right.measure();
            return right;
        }
    }
}

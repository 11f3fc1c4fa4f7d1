package io.fairlead.runtime.grpc.tls;

import io.grpc.MethodDescriptor;
import io.vertx.core.Future;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Who may call which method. A method without a rule is nobody's; an admin may call each that has one, a service what
 * everybody may.
 */
public final class Rights {
    /** Nothing is against it. */
    public static final Future<Optional<String>> ALLOWED = Future.succeededFuture(Optional.empty());

    private final Map<String, Rule> rules;

    private Rights(Map<String, Rule> rules) {
        this.rules = Map.copyOf(rules);
    }

    /** Whose a method is. */
    sealed interface Rule {
        /** Everybody's with a certificate. */
        record Everybody() implements Rule {}

        /** Admins' only. */
        record Admins() implements Rule {}

        /** A node's too, if nothing is against what it asks for. */
        record Nodes(Check<Object> check) implements Rule {}
    }

    /**
     * Looks at what a node asks for. Any thread; must not block.
     *
     * @param <Q> the request
     */
    @FunctionalInterface
    public interface Check<Q> {
        /**
         * What it may not.
         *
         * @param node name in the caller's certificate
         * @return empty when it may; else how the sentence "node:NAME may not …" ends, with what is expected. A failure
         *     means that it is not known now
         */
        Future<Optional<String>> refusal(String node, Q request);
    }

    /** Passes when the request names the caller, or nobody at all. */
    public static <Q> Check<Q> ownName(String verb, Function<Q, String> nodeName) {
        return (node, request) -> {
            String said = nodeName.apply(request);
            return said.isEmpty() || said.equals(node)
                    ? ALLOWED
                    : refused(verb + " as " + said + " (expected: its own name)");
        };
    }

    /** Refuses. */
    public static Future<Optional<String>> refused(String what) {
        return Future.succeededFuture(Optional.of(what));
    }

    /** No rules yet. */
    public static Builder builder() {
        return new Builder();
    }

    /** True when a method has a rule; for tests that look at all. */
    public boolean names(MethodDescriptor<?, ?> method) {
        return rules.containsKey(method.getFullMethodName());
    }

    /** The rule of a method, by its full name. */
    @Nullable
    Rule rule(String method) {
        return rules.get(method);
    }

    /** Collects rules, on one thread. */
    public static final class Builder {
        private final Map<String, Rule> rules = new HashMap<>();

        private Builder() {}

        /** Everybody with a certificate may call them. */
        public Builder everybody(MethodDescriptor<?, ?>... methods) {
            for (MethodDescriptor<?, ?> method : methods) {
                rules.put(method.getFullMethodName(), new Rule.Everybody());
            }
            return this;
        }

        /** Only admins may call them. */
        public Builder admins(MethodDescriptor<?, ?>... methods) {
            for (MethodDescriptor<?, ?> method : methods) {
                rules.put(method.getFullMethodName(), new Rule.Admins());
            }
            return this;
        }

        /** Admins and nodes may call it; each message of a node is looked at. */
        @SuppressWarnings("unchecked") // the server hands a method's own requests to its check
        public <Q> Builder nodes(MethodDescriptor<Q, ?> method, Check<? super Q> check) {
            rules.put(method.getFullMethodName(), new Rule.Nodes((Check<Object>) check));
            return this;
        }

        /** The rules. */
        public Rights build() {
            return new Rights(rules);
        }
    }
}

package io.fairlead.runtime.grpc.tls;

import io.grpc.MethodDescriptor;
import io.grpc.health.v1.HealthGrpc;
import io.vertx.core.Future;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

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

    /**
     * What is against a request, as {@link Guard} finds it.
     *
     * @return empty when nothing is; else a sentence with what is expected
     */
    public <Q> Future<Optional<String>> refusal(Caller caller, MethodDescriptor<Q, ?> method, Q request) {
        Optional<String> against = against(caller, method.getFullMethodName());
        return against.isPresent()
                ? Future.succeededFuture(against)
                : check(caller, method.getFullMethodName())
                        .map(check -> check.refusal(caller.name(), request))
                        .orElse(ALLOWED)
                        .map(what -> what.map(w -> caller + " may not " + w));
    }

    /** What is against a call, whatever is asked. */
    Optional<String> against(Caller caller, String method) {
        Rule rule = rules.get(method);
        Optional<String> expected =
                rule == null ? Optional.of("a method that has a rule") : whoElse(rule, caller.kind());
        return expected.map(who -> caller + " may not call " + method + " (expected: " + who + ")");
    }

    /** What looks at the messages of a call; empty when nothing has to. */
    Optional<Check<Object>> check(Caller caller, String method) {
        return caller.kind() == Caller.Kind.NODE && rules.get(method) instanceof Rule.Nodes nodes
                ? Optional.of(nodes.check())
                : Optional.empty();
    }

    /** Who may call a method that this kind of caller may not; empty when it may. */
    private static Optional<String> whoElse(Rule rule, Caller.Kind kind) {
        if (kind == Caller.Kind.ADMIN || rule instanceof Rule.Everybody) {
            return Optional.empty();
        }
        if (rule instanceof Rule.Admins) {
            return Optional.of("an admin");
        }
        return kind == Caller.Kind.NODE ? Optional.empty() : Optional.of("a node or an admin");
    }

    /** Collects rules, on one thread. */
    public static final class Builder {
        private final Map<String, Rule> rules = new HashMap<>();

        /** Whether a server serves is asked over and over by everybody. */
        private Builder() {
            everybody(HealthGrpc.getCheckMethod(), HealthGrpc.getWatchMethod());
        }

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

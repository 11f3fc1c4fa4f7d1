package io.fairlead.soak.workload;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Labels;
import io.fairlead.soak.client.SimulatedNode;
import io.fairlead.soak.history.Kind;
import io.fairlead.soak.history.Operation;
import io.fairlead.soak.history.Outcome;
import io.fairlead.soak.history.Subject;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * One node at work: registered, with pods that come and go, now and then drained, released and registered anew.
 *
 * <p>Each {@link #step} is one operation. One whose answer is not known is asked again, until it is.
 */
final class Worker implements Work {
    private static final int MOST_PODS = 12;
    private static final int MOST_LABEL_SETS = 6;
    private static final int MOST_CIDRS = 3;

    private final SimulatedNode node;
    private final Recorder recorder;
    private final LabelSets labelSets;
    private final Random random;
    // all owned by: the worker's thread
    private final Map<String, Integer> numbers = new TreeMap<>();
    private final Map<String, String> pods = new TreeMap<>();
    private List<String> cidrs = List.of();
    private int nextAddress;
    private int nextRequest;
    private boolean draining;
    private Optional<Supplier<Recorder.Result>> unanswered = Optional.empty();

    Worker(SimulatedNode node, Recorder recorder, LabelSets labelSets, Random random) {
        this.node = node;
        this.recorder = recorder;
        this.labelSets = labelSets;
        this.random = random;
    }

    @Override
    public void step() {
        Supplier<Recorder.Result> next = unanswered.orElseGet(this::choose);
        Recorder.Result result = next.get();
        unanswered = result.outcome() == Outcome.UNKNOWN ? Optional.of(next) : Optional.empty();
    }

    private Supplier<Recorder.Result> choose() {
        if (cidrs.isEmpty()) {
            return this::register;
        }
        if (draining) {
            return drain();
        }
        double dice = random.nextDouble();
        if (dice < 0.01) {
            draining = true;
            return drain();
        }
        if (dice < 0.06) {
            return this::register;
        }
        if (dice < 0.10) {
            return blocks();
        }
        boolean fresh = numbers.isEmpty() || (dice < 0.25 && numbers.size() < MOST_LABEL_SETS);
        if (fresh) {
            Labels labels = labelSets.next(random);
            return () -> allocate(labels);
        }
        if (dice < 0.35 && numbers.size() > 1) {
            return unused().<Supplier<Recorder.Result>>map(labels -> () -> releaseIdentity(labels))
                    .orElseGet(this::publish);
        }
        if (pods.size() >= MOST_PODS || (dice > 0.7 && !pods.isEmpty())) {
            String ip = any(new ArrayList<>(pods.keySet()));
            return () -> withdraw(ip);
        }
        return publish();
    }

    /** Everything back, one after the other, the node itself last. */
    private Supplier<Recorder.Result> drain() {
        if (!pods.isEmpty()) {
            String ip = pods.keySet().iterator().next();
            return () -> withdraw(ip);
        }
        if (!numbers.isEmpty()) {
            String labels = numbers.keySet().iterator().next();
            return () -> releaseIdentity(labels);
        }
        return this::release;
    }

    private Recorder.Result register() {
        Recorder.Result result = recorder.ask(
                Kind.REGISTER,
                Subject.node(node.name()),
                Operation.UNTOLD,
                () -> String.join(",", sorted(node.register().podCidrs())),
                Optional.empty());
        if (result.isOk()) {
            cidrs = List.of(result.state().split(","));
        }
        return result;
    }

    /** Another block, or one back that has no pods. */
    private Supplier<Recorder.Result> blocks() {
        List<String> unused = cidrs.stream()
                .filter(cidr ->
                        pods.keySet().stream().noneMatch(ip -> Cidr.parse(cidr).contains(Ip.parse(ip))))
                .toList();
        if (cidrs.size() > 1 && !unused.isEmpty() && (cidrs.size() >= MOST_CIDRS || random.nextBoolean())) {
            String cidr = any(unused);
            return () -> returnCidr(cidr);
        }
        if (cidrs.size() >= MOST_CIDRS) {
            return this::register;
        }
        String request = node.name() + "-" + ++nextRequest;
        return () -> addCidr(request);
    }

    private Recorder.Result addCidr(String request) {
        Recorder.Result result = recorder.ask(
                Kind.ADD_CIDR,
                Subject.node(node.name()),
                Operation.UNTOLD,
                () -> {
                    List<String> all = new ArrayList<>(cidrs);
                    all.add(node.addCidr(request));
                    return String.join(",", sorted(all));
                },
                Optional.empty());
        if (result.isOk()) {
            cidrs = List.of(result.state().split(","));
        }
        return result;
    }

    private Recorder.Result returnCidr(String cidr) {
        String left = cidrs.stream().filter(own -> !own.equals(cidr)).collect(Collectors.joining(","));
        Recorder.Result result = recorder.ask(
                Kind.RETURN_CIDR,
                Subject.node(node.name()),
                left,
                () -> {
                    node.returnCidr(cidr);
                    return left;
                },
                Optional.empty());
        if (result.isOk()) {
            cidrs = List.of(left.split(","));
        }
        return result;
    }

    private Recorder.Result release() {
        Recorder.Result result = recorder.ask(
                Kind.RELEASE_NODE,
                Subject.node(node.name()),
                Operation.GONE,
                () -> {
                    node.release();
                    return Operation.GONE;
                },
                Optional.empty());
        if (result.isOk()) {
            cidrs = List.of();
            draining = false;
        }
        return result;
    }

    private Recorder.Result allocate(Labels labels) {
        Recorder.Result result = recorder.ask(
                Kind.ALLOCATE,
                Subject.use(labels.encoded(), node.name()),
                Operation.UNTOLD,
                () -> Integer.toUnsignedString(node.allocate(labels.texts())),
                Optional.empty());
        if (result.isOk()) {
            numbers.put(labels.encoded(), Integer.parseUnsignedInt(result.state()));
        }
        return result;
    }

    private Recorder.Result releaseIdentity(String encoded) {
        int number = numbers.get(encoded);
        Recorder.Result result = recorder.ask(
                Kind.RELEASE_IDENTITY,
                Subject.use(encoded, node.name()),
                Operation.GONE,
                () -> {
                    node.releaseIdentity(number);
                    return Operation.GONE;
                },
                Optional.empty());
        if (result.isOk()) {
            numbers.remove(encoded);
        }
        return result;
    }

    private Supplier<Recorder.Result> publish() {
        Cidr cidr = Cidr.parse(any(cidrs));
        String ip = cidr.address().plus(10 + nextAddress++ % 200).toString();
        String labels = pods.getOrDefault(ip, any(new ArrayList<>(numbers.keySet())));
        int number = numbers.get(labels);
        return () -> {
            Recorder.Result result = recorder.ask(
                    Kind.PUBLISH,
                    Subject.ip(ip),
                    Integer.toUnsignedString(number) + "@" + node.address(),
                    () -> {
                        node.publish(ip, number);
                        return Integer.toUnsignedString(number) + "@" + node.address();
                    },
                    Optional.empty());
            if (result.isOk()) {
                pods.put(ip, labels);
            }
            return result;
        };
    }

    private Recorder.Result withdraw(String ip) {
        Recorder.Result result = recorder.ask(
                Kind.WITHDRAW,
                Subject.ip(ip),
                Operation.GONE,
                () -> {
                    node.withdraw(ip);
                    return Operation.GONE;
                },
                Optional.of(Status.Code.NOT_FOUND));
        if (result.isOk()) {
            pods.remove(ip);
        }
        return result;
    }

    /** A label set that no pod has. */
    private Optional<String> unused() {
        List<String> free = numbers.keySet().stream()
                .filter(labels -> !pods.containsValue(labels))
                .toList();
        return free.isEmpty() ? Optional.empty() : Optional.of(any(free));
    }

    private <T> T any(List<T> all) {
        return all.get(random.nextInt(all.size()));
    }

    private static List<String> sorted(List<String> texts) {
        return new TreeSet<>(texts.stream().map(Cidr::parse).toList())
                .stream().map(Cidr::toString).toList();
    }
}

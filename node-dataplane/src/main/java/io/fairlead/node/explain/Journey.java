package io.fairlead.node.explain;

import io.fairlead.contract.Ip;
import io.fairlead.node.desired.Pod;
import io.fairlead.node.explain.Explanation.Decision;
import io.fairlead.node.explain.Explanation.Hop;
import io.fairlead.node.explain.Surroundings.Way;
import io.fairlead.node.kernel.Hook;
import io.fairlead.node.kernel.Hook.Direction;
import io.fairlead.node.kernel.bpf.Explained;
import io.fairlead.node.kernel.bpf.Explained.Onward;
import io.fairlead.node.kernel.bpf.HookedPrograms.Ran;
import io.fairlead.node.wiring.HostDevices;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** One packet's way through this node, program by program, and on to the next node. For one thread. */
final class Journey {
    private static final int SHOT = 2;
    private static final int REDIRECT = 7;

    private final Surroundings around;
    private final Parties parties;
    private final Decisions decisions;
    private final List<Hop> hops = new ArrayList<>(); // owned by: the thread that follows the packet

    Journey(Surroundings around, Parties parties) {
        this.around = around;
        this.parties = parties;
        this.decisions = new Decisions(around, parties);
    }

    /** From a pod of this node. */
    Explanation fromPod(Pod pod, Packet packet) {
        Hook hook = new Hook(pod.device(), Direction.INGRESS);
        Optional<Ran> ran = run(hook, Explainer.frame(pod, packet), packet);
        if (ran.isEmpty()) {
            return missing(hook);
        }
        Explained met = ran.get().met();
        if (isDropped(ran.get())) {
            return dropped(ran.get());
        }
        Packet next = translated(packet, met);
        Onward onward = met.forwarded().orElse(Onward.TO_STACK);
        return switch (onward) {
            case TO_ENDPOINT -> arrived("to " + parties.at(packet.destination()).text());
            case TO_NETWORK -> onWire(next.hop(), met);
            case TO_HOST, TO_STACK -> inStack(next);
        };
    }

    /** From this node itself. */
    Explanation fromHost(Packet packet) {
        if (parties.isOwn(packet.destination())) {
            return arrived("the node speaks to itself: no program is on the way");
        }
        return parties.isPodAddress(packet.destination()) ? toOwnPod(packet) : leave(packet);
    }

    /** From the network. */
    Explanation arriving(Packet packet) {
        String device = around.routing()
                .way(packet.source())
                .or(() -> around.routing().way(around.node().address()))
                .map(Way::device)
                .filter(name -> !name.equals("lo"))
                .orElseGet(this::firstDevice);
        Hook hook = new Hook(device, Direction.INGRESS);
        Optional<Ran> ran = run(hook, Explainer.frame(around.routing().mac(device), packet), packet);
        if (ran.isEmpty()) {
            return missing(hook);
        }
        if (isDropped(ran.get())) {
            return dropped(ran.get());
        }
        Explained met = ran.get().met();
        Packet next =
                met.reverse().map(now -> packet.to(now.address(), now.port())).orElse(packet);
        if (met.forwarded().equals(Optional.of(Onward.TO_ENDPOINT))) {
            return arrived("to " + parties.at(next.destination()).text());
        }
        return inStack(next);
    }

    private String firstDevice() {
        return around.routing()
                .way(around.node().address().isV4() ? Ip.parse("1.1.1.1") : Ip.parse("2606:4700:4700::1111"))
                .map(Way::device)
                .orElseThrow(() -> new IllegalStateException("device: none leads to the network (expected: a route for "
                        + around.node().address() + ")"));
    }

    /** The node's stack has the packet: it takes it, or routes it on as the node's own rules say. */
    private Explanation inStack(Packet packet) {
        if (parties.isOwn(packet.destination())) {
            return arrived("to the node itself");
        }
        if (packet.ttl() <= 1) {
            hops.add(stack("drop", "TTL exceeded"));
            return new Explanation(hops, false, "TTL exceeded in the node's stack");
        }
        return parties.isPodAddress(packet.destination()) ? toOwnPod(packet.hop()) : leave(packet.hop());
    }

    private Explanation toOwnPod(Packet packet) {
        Hook hook = new Hook(HostDevices.HOST, Direction.EGRESS);
        hops.add(stack("route", packet.destination() + " by " + HostDevices.HOST));
        Optional<Ran> ran = run(hook, Explainer.frame(around.routing().mac(hook.device()), packet), packet);
        if (ran.isEmpty()) {
            return missing(hook);
        }
        return isDropped(ran.get())
                ? dropped(ran.get())
                : arrived("to " + parties.at(packet.destination()).text());
    }

    /** By the stack's own route to the network. */
    private Explanation leave(Packet packet) {
        Optional<Way> way = around.routing().way(packet.destination());
        if (way.isEmpty()) {
            hops.add(stack("route", packet.destination() + " unreachable"));
            return new Explanation(hops, false, "the node has no route to " + packet.destination());
        }
        String hop = way.get().gateway().map(parties::nodeName).orElse(packet.destination() + " itself");
        hops.add(new Hop(
                around.node().name().value(),
                "stack",
                "",
                List.of(
                        new Decision("route", "found"),
                        new Decision("next hop", hop + " on " + way.get().device()))));
        Hook hook = new Hook(way.get().device(), Direction.EGRESS);
        Optional<Ran> ran = run(hook, Explainer.frame(around.routing().mac(hook.device()), packet), packet);
        if (ran.isPresent() && isDropped(ran.get())) {
            return dropped(ran.get());
        }
        Explained met = ran.map(Ran::met).orElse(Explained.NOTHING);
        return onWire(translated(packet, met), met);
    }

    /** Another node of the cluster explains on; what is beyond cannot be asked. */
    private Explanation onWire(Packet packet, Explained met) {
        Optional<Ip> node = parties.isNode(packet.destination())
                ? Optional.of(packet.destination())
                : parties.nodeOf(packet.destination());
        if (node.isPresent()) {
            return around.peers().arriving(node.get(), packet).after(hops);
        }
        Optional<Ip> gateway = met.route()
                .flatMap(Explained.Looked::nextHop)
                .or(() -> around.routing().way(packet.destination()).flatMap(Way::gateway));
        return arrived("leaves the cluster" + gateway.map(ip -> " by " + ip).orElse(""));
    }

    private Optional<Ran> run(Hook hook, byte[] frame, Packet packet) {
        Optional<Ran> ran = around.programs().run(hook, frame);
        ran.ifPresent(r -> hops.add(new Hop(
                around.node().name().value(),
                r.program(),
                hook.device() + " " + hook.direction().name().toLowerCase(Locale.ROOT),
                lines(packet, r))));
        return ran;
    }

    private List<Decision> lines(Packet packet, Ran ran) {
        List<Decision> lines = decisions.of(packet, ran.met());
        boolean silent =
                ran.met().forwarded().isEmpty() && ran.met().dropReason().isEmpty();
        if (silent) {
            lines.add(
                    switch (ran.verdict()) {
                        case SHOT -> new Decision("drop", "no reason told");
                        case REDIRECT -> new Decision("forward", "redirected");
                        default -> new Decision("forward", "to the node's stack, untouched");
                    });
        }
        return lines;
    }

    private Hop stack(String what, String text) {
        return new Hop(around.node().name().value(), "stack", "", List.of(new Decision(what, text)));
    }

    private static Packet translated(Packet packet, Explained met) {
        return met.masquerade()
                .map(now -> packet.from(now.address(), now.port()))
                .orElse(packet);
    }

    private static boolean isDropped(Ran ran) {
        return ran.met().dropReason().isPresent() || ran.verdict() == SHOT;
    }

    private Explanation dropped(Ran ran) {
        String reason = ran.met().dropReason().map(Decisions::reason).orElse("no reason told");
        return new Explanation(hops, false, reason);
    }

    private Explanation arrived(String where) {
        return new Explanation(hops, true, where);
    }

    private Explanation missing(Hook hook) {
        hops.add(stack("drop", "no program at " + hook.device()));
        return new Explanation(
                hops,
                false,
                "no program is attached to " + hook.device() + " "
                        + hook.direction().name().toLowerCase(Locale.ROOT));
    }
}

package io.fairlead.runtime.grpc;

import io.fairlead.runtime.grpc.Replica.Suspicion;
import io.fairlead.runtime.grpc.ReplicaChannel.Patience;
import java.time.Duration;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * Finds out which replica does not answer, and which does in its place: one that is silent is given up as soon as another
 * has answered, never before. Any thread.
 */
final class Doubts {
    /** How long others may take to answer. */
    static final Duration PROBE = Duration.ofSeconds(2);

    private final List<Replica> replicas;
    private final Patience patience;
    private final BiConsumer<Runnable, Duration> later;
    private final BiConsumer<Replica, Replica> onSilent;

    /**
     * No doubts yet.
     *
     * @param later runs something after a time
     * @param onSilent told of a replica that does not answer, and of one that has
     */
    Doubts(
            List<Replica> replicas,
            Patience patience,
            BiConsumer<Runnable, Duration> later,
            BiConsumer<Replica, Replica> onSilent) {
        this.replicas = replicas;
        this.patience = patience;
        this.later = later;
        this.onSilent = onSilent;
    }

    /** Finds out whether something is wrong with a replica. */
    void ask(Replica replica) {
        if (replicas.size() > 1) {
            replica.check(patience.silent(), alive -> answered(replica, alive));
        }
    }

    /** Asks one that has said nothing for about as long. */
    void askUnlessHeard(Replica replica, Duration lately) {
        long now = System.nanoTime();
        if (now - replica.heard() >= lately.toNanos() / 2) {
            askNow(replica, now);
        }
    }

    /** Asks, and doubts it when nothing comes. */
    void askNow(Replica replica, long now) {
        ask(replica);
        later.accept(() -> suspectUnlessHeardSince(replica, now), patience.late());
    }

    private void suspectUnlessHeardSince(Replica replica, long asked) {
        if (replica.heard() - asked < 0) {
            suspect(replica);
        }
    }

    private void answered(Replica replica, boolean alive) {
        if (alive) {
            synchronized (this) {
                replica.suspicion(null);
            }
            return;
        }
        Suspicion suspicion = suspect(replica);
        synchronized (this) {
            suspicion.condemned = true;
        }
        decide(replica, suspicion);
    }

    /** Asks the others, so that one is ready when this one is given up. */
    private Suspicion suspect(Replica replica) {
        Suspicion mine;
        synchronized (this) {
            Suspicion present = replica.suspicion();
            if (present != null) {
                return present;
            }
            mine = new Suspicion();
            mine.unanswered = replicas.size() - 1;
            replica.suspicion(mine);
        }
        for (Replica other : replicas) {
            if (other != replica) {
                // one that could not be reached before is not waited for
                other.channel().resetConnectBackoff();
                other.check(PROBE, alive -> otherAnswered(replica, mine, other, alive));
            }
        }
        return mine;
    }

    private void otherAnswered(Replica replica, Suspicion suspicion, Replica other, boolean alive) {
        synchronized (this) {
            suspicion.unanswered--;
            if (alive && suspicion.ready == null) {
                suspicion.ready = other;
            }
            if (suspicion.unanswered == 0 && suspicion.ready == null && replica.suspicion() == suspicion) {
                replica.suspicion(null); // nowhere to go: stays, and asks again with the next beat
            }
        }
        decide(replica, suspicion);
    }

    private void decide(Replica replica, Suspicion suspicion) {
        Replica ready;
        synchronized (this) {
            ready = suspicion.ready;
            if (!suspicion.condemned || ready == null || replica.suspicion() != suspicion) {
                return;
            }
            replica.suspicion(null);
        }
        onSilent.accept(replica, ready);
    }
}

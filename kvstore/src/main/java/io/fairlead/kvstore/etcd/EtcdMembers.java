package io.fairlead.kvstore.etcd;

import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which members of etcd are used: one that is there and says nothing (paused, or behind a cut link) is left after about a
 * second, where gRPC's own pings take fifteen. One that refuses connections needs nothing: gRPC passes it over. Runs on the
 * loop.
 */
final class EtcdMembers {
    private static final Logger LOGGER = LoggerFactory.getLogger(EtcdMembers.class);
    private static final long PERIOD_MILLIS = 400;
    private static final Duration LIMIT = Duration.ofMillis(400);
    private static final int ROUNDS_TO_LEAVE = 2;
    private static final int ROUNDS_TO_RETURN = 5;

    private final EtcdConnection connection;
    private final List<String> all;
    // owned by: the loop; rounds in which a member was silent, or as a negative number those in which it was not
    private final Map<String, Integer> silent = new HashMap<>();
    // owned by: the loop
    private final Set<String> left = new HashSet<>();

    EtcdMembers(EtcdConnection connection) {
        this.connection = connection;
        this.all = connection.options().endpoints();
    }

    /** Asks every member, over and over. */
    void watch() {
        List<Future<Boolean>> answers = new ArrayList<>();
        all.forEach(member -> answers.add(connection.isSilent(member, LIMIT)));
        Future.join(answers)
                .onComplete(done -> connection.run(
                        () -> judge(answers.stream().map(Future::result).toList())));
    }

    private void judge(List<Boolean> answers) {
        // when nobody speaks the fault may be this side's, and there is nowhere to go
        if (answers.contains(false)) {
            for (int i = 0; i < all.size(); i++) {
                boolean quiet = answers.get(i);
                silent.merge(all.get(i), quiet ? 1 : -1, (was, one) -> was * one > 0 ? was + one : one);
            }
            if (all.stream().map(this::changes).reduce(false, Boolean::logicalOr)) {
                List<String> used =
                        all.stream().filter(member -> !left.contains(member)).toList();
                LOGGER.atWarn()
                        .addKeyValue("used", used)
                        .addKeyValue("silent", left)
                        .log("members of etcd that are used");
                connection.use(used.isEmpty() ? all : used);
            }
        }
        connection.later(PERIOD_MILLIS, this::watch);
    }

    private boolean changes(String member) {
        int rounds = silent.getOrDefault(member, 0);
        if (rounds >= ROUNDS_TO_LEAVE) {
            return left.add(member);
        }
        return rounds <= -ROUNDS_TO_RETURN && left.remove(member);
    }
}

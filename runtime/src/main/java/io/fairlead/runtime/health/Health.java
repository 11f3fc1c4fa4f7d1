package io.fairlead.runtime.health;

import io.fairlead.runtime.health.HealthCheck.State;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;

/** The checks of a process. Any thread may register and ask. */
public final class Health {
    private final Map<String, HealthCheck> checks = new ConcurrentSkipListMap<>();

    /** Adds a subsystem, or replaces the check of that name. The process is ready while all are well. */
    public void register(String name, HealthCheck check) {
        checks.put(name, check);
    }

    /** Takes a subsystem away that has done what it was for. */
    public void unregister(String name) {
        checks.remove(name);
    }

    /** How every subsystem is, by name. Never fails. */
    public Future<Map<String, State>> ask() {
        List<String> names = new ArrayList<>();
        List<Future<State>> answers = new ArrayList<>();
        checks.forEach((name, check) -> {
            names.add(name);
            answers.add(ask(check));
        });
        return Future.join(answers).map(all -> {
            Map<String, State> states = new TreeMap<>();
            for (int i = 0; i < names.size(); i++) {
                states.put(names.get(i), all.resultAt(i));
            }
            return states;
        });
    }

    private static Future<State> ask(HealthCheck check) {
        try {
            return check.check().timeout(2, TimeUnit.SECONDS).otherwise(Health::broken);
        } catch (RuntimeException e) {
            return Future.succeededFuture(broken(e));
        }
    }

    private static State broken(Throwable cause) {
        return new State(false, "check failed: " + cause);
    }
}

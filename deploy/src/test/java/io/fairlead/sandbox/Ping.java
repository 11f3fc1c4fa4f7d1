package io.fairlead.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.sandbox.Sandbox.Running;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.BitSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One pod pings another until it is told to end, so that it lasts as long as what is done meanwhile. */
final class Ping {
    private static final Pattern ANSWER = Pattern.compile("bytes from [^ ]+: icmp_seq=(\\d+)");
    private static final int SOME = 25;

    private final Running running;

    private Ping(Running running) {
        this.running = running;
    }

    /** Returns once some are answered. */
    static Ping across(Sandbox sandbox, String from, String address, String interval) throws InterruptedException {
        Ping ping =
                new Ping(sandbox.begin("pod", "exec", from, "--", "ping", "-n", "-W", "2", "-i", interval, address));
        ping.someMore();
        return ping;
    }

    /** Ends it after some more answers. Every ping before the last that was answered was answered too, or this fails. */
    String nothingLost() throws IOException, InterruptedException {
        someMore();
        new ProcessBuilder("kill", "-INT", String.valueOf(running.process().pid()))
                .start()
                .waitFor();
        running.end(Duration.ofSeconds(10));
        BitSet answered = answered();
        BitSet lost = new BitSet();
        lost.set(1, answered.length());
        lost.andNot(answered);
        assertThat(lost.stream()).as("pings without an answer, of %s", last()).isEmpty();
        return last() + " pings, all answered";
    }

    private void someMore() throws InterruptedException {
        int wanted = last() + SOME;
        Sandbox.await("answers", Duration.ofSeconds(10), () -> last() >= wanted);
    }

    private int last() {
        return Math.max(0, answered().length() - 1);
    }

    /** By sequence number, from 1. */
    private BitSet answered() {
        try {
            BitSet answered = new BitSet();
            Matcher answers = ANSWER.matcher(running.soFar());
            while (answers.find()) {
                answered.set(Integer.parseInt(answers.group(1)));
            }
            return answered;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

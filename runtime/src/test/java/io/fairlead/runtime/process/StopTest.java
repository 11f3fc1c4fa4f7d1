package io.fairlead.runtime.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.runtime.process.testing.JavaProcess;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StopTest {
    /** Says when it has started and when its step is undone. */
    static final class Program {
        private Program() {}

        public static void main(String[] args) {
            new ServiceProcess("stop-test", "Stops.", "127.0.0.1:0").main(args, (config, life) -> {
                life.onClose("step", () -> print("undone"));
                print("started");
                return args.length > 1 ? Future.failedFuture("on purpose") : Future.succeededFuture();
            });
        }

        private static void print(String word) {
            System.out.println("it is " + word);
        }
    }

    @Test
    void aProcessThatIsToldToStopUndoesItsStepsAndEndsWithSuccess(@TempDir Path directory) throws Exception {
        Path log = directory.resolve("log");
        Process process = JavaProcess.start(Program.class, log, List.of("--debug=false"));
        await(log, "it is started");
        process.destroy();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(Files.readString(log)).isZero();
        assertThat(Files.readString(log)).contains("it is undone");
    }

    @Test
    void oneThatCannotStartEndsWithFailure(@TempDir Path directory) throws Exception {
        Path log = directory.resolve("log");
        Process process =
                JavaProcess.start(Program.class, log, List.of("--debug=false", "--health-listen-address=127.0.0.1:0"));
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(Files.readString(log)).isEqualTo(1);
        assertThat(Files.readString(log)).contains("it is undone", "stop-test: on purpose");
    }

    private static void await(Path log, String text) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!Files.exists(log) || !Files.readString(log).contains(text)) {
            assertThat(System.nanoTime()).as(text).isLessThan(deadline);
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }
}

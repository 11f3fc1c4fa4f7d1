package io.fairlead.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;

/** What one run of the command printed. */
record CommandRun(int code, String out, String err) {
    static CommandRun of(Map<String, String> environment, String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        PrintWriter outWriter = new PrintWriter(out);
        PrintWriter errWriter = new PrintWriter(err);
        int code = new FairleadCli(environment, outWriter, errWriter).run(args);
        outWriter.flush();
        errWriter.flush();
        return new CommandRun(code, out.toString(), err.toString());
    }
}

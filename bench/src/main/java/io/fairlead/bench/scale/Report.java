package io.fairlead.bench.scale;

import java.io.PrintStream;
import java.util.Locale;

/** A Markdown table, a row at a time, so that a run that fails shows what came before. */
public final class Report {
    private final PrintStream out;

    public Report(PrintStream out) {
        this.out = out;
    }

    /** Begins a table. */
    public void table(String... titles) {
        out.println();
        row((Object[]) titles);
        out.println("|---".repeat(titles.length) + "|");
    }

    /** A row; numbers with a point have one digit behind it. */
    public void row(Object... cells) {
        StringBuilder line = new StringBuilder("|");
        for (Object cell : cells) {
            String text = cell instanceof Double number ? String.format(Locale.ROOT, "%.1f", number) : cell.toString();
            line.append(' ').append(text).append(" |");
        }
        out.println(line);
        out.flush();
    }

    /** "12.3 ms", and whether it is within an aim. */
    static String aim(double value, String unit, double limit) {
        return String.format(Locale.ROOT, "%s %s (%s)", limit, unit, value <= limit ? "met" : "MISSED");
    }

    /** Tells the reader what is being done. */
    public static void progress(String what) {
        System.err.println(what);
    }
}

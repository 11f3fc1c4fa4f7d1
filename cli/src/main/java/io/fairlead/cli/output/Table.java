package io.fairlead.cli.output;

import java.util.ArrayList;
import java.util.List;

/**
 * Rows under column names, columns three spaces apart. A cell or a name of several lines makes its row as many lines high.
 *
 * <p>Not for use by several threads.
 */
public final class Table {
    private static final int GAP = 3;

    private final List<String> headers;
    // owned by: the thread that fills the table
    private final List<List<String>> rows = new ArrayList<>();

    /** A table with these columns and no rows. */
    public Table(String... headers) {
        this.headers = List.of(headers);
    }

    /**
     * Adds a row.
     *
     * @param cells one a column; newlines separate the lines of a cell
     * @throws IllegalArgumentException when the number of cells is not that of the columns
     */
    public Table row(String... cells) {
        if (cells.length != headers.size()) {
            throw new IllegalArgumentException("cells: " + cells.length + " (expected: " + headers.size() + ")");
        }
        rows.add(List.of(cells));
        return this;
    }

    /** The lines, each ended by a newline and without spaces before it. */
    public String render(boolean withHeaders) {
        List<List<String>> lines = new ArrayList<>();
        if (withHeaders) {
            split(headers, lines);
        }
        for (List<String> row : rows) {
            split(row, lines);
        }
        int[] widths = widths(lines);
        StringBuilder text = new StringBuilder();
        for (List<String> line : lines) {
            int start = text.length();
            for (int i = 0; i < line.size(); i++) {
                String cell = line.get(i);
                text.append(cell).append(" ".repeat(widths[i] - cell.length() + GAP));
            }
            int end = text.length();
            while (end > start && text.charAt(end - 1) == ' ') {
                end--;
            }
            text.setLength(end);
            text.append('\n');
        }
        return text.toString();
    }

    private static void split(List<String> row, List<List<String>> lines) {
        List<List<String>> columns =
                row.stream().map(cell -> cell.lines().toList()).toList();
        int height = columns.stream().mapToInt(List::size).max().orElse(0);
        for (int i = 0; i < Math.max(1, height); i++) {
            int at = i;
            lines.add(columns.stream()
                    .map(column -> at < column.size() ? column.get(at) : "")
                    .toList());
        }
    }

    private int[] widths(List<List<String>> lines) {
        int[] widths = new int[headers.size()];
        for (List<String> line : lines) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], line.get(i).length());
            }
        }
        return widths;
    }
}

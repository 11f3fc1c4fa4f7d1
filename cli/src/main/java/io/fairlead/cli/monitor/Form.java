package io.fairlead.cli.monitor;

import io.fairlead.cli.client.MonitorMessage;

/** What messages look like. */
interface Form {
    /** Adds a message's lines, each with its newline; none for what is not shown. */
    void append(MonitorMessage message, StringBuilder to);
}

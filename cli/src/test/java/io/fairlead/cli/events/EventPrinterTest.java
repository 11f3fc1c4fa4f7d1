package io.fairlead.cli.events;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.contract.events.EventKind;
import io.fairlead.contract.events.EventRecord;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class EventPrinterTest {
    private static String event(String entity, String epoch, long revision) {
        ObjectNode detail = JsonNodeFactory.instance.objectNode().put("identity", 4711);
        return new EventRecord(
                        EventKind.IDENTITY,
                        "created",
                        EventKind.IDENTITY.key(entity),
                        new EventRecord.Origin(epoch, revision),
                        Instant.parse("2026-11-22T21:36:27Z"),
                        "default",
                        false,
                        detail)
                .encode();
    }

    @Test
    void whatCameBeforeIsNotPrintedAgain() {
        EventPrinter printer = new EventPrinter(false);
        assertThat(printer.line(event("4711", "e", 5)))
                .contains("2026-11-22T21:36:27Z identity/4711 created revision 5 {\"identity\":4711}");
        assertThat(printer.line(event("4711", "e", 6))).isPresent();
        assertThat(printer.line(event("4711", "e", 5)))
                .as("repeated after a failure")
                .isEmpty();
        assertThat(printer.line(event("4711", "e", 6))).isEmpty();
        assertThat(printer.line(event("4712", "e", 6))).as("another entity").isPresent();
        assertThat(printer.line(event("4711", "e+1", 3)))
                .as("revisions start again")
                .isPresent();
    }

    @Test
    void jsonIsTheRecordOnALine() {
        assertThat(new EventPrinter(true).line(event("1", "e", 5))).contains(event("1", "e", 5));
    }

    @Test
    void whatIsNoEventIsRefusedWithAReason() {
        EventPrinter printer = new EventPrinter(false);
        assertThatThrownBy(() -> printer.line("{")).hasMessage("event: no JSON (expected: an object)");
        assertThatThrownBy(() -> printer.line("[]")).hasMessageContaining("(expected: a JSON object)");
        assertThatThrownBy(() -> printer.line(event("1", "e", 1).replace("\"revision\":1", "\"revision\":\"x\"")))
                .hasMessage("event revision: \"x\" (expected: a whole number)");
        assertThatThrownBy(() -> printer.line(event("1", "e", 1).replace("\"kind\":\"identity\"", "\"kind\":\"?\"")))
                .hasMessageContaining("event kind: ?");
    }
}

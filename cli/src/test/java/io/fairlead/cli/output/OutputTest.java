package io.fairlead.cli.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class OutputTest {
    @Test
    void aCellOfSeveralLinesMakesItsRowHigher() {
        assertThat(new Table("A", "LONG").row("1", "x\ny").row("22", "").render(true))
                .isEqualTo("A    LONG\n1    x\n     y\n22\n");
    }

    @Test
    void anEmptyTableIsItsHeaders() {
        assertThat(new Table("A", "B").render(true)).isEqualTo("A   B\n");
        assertThat(new Table("A", "B").render(false)).isEmpty();
    }

    @Test
    void aRowWithAMissingCellIsRefused() {
        assertThatThrownBy(() -> new Table("A", "B").row("1"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("cells: 1 (expected: 2)");
    }

    @Test
    void numbersStayNumbersUpToTheLastUnsignedOne() {
        assertThat(Json.render(List.of(1, 2L, Json.unsigned(-1), true, "1")))
                .containsSubsequence("1", "2", "18446744073709551615", "true", "\"1\"")
                .doesNotContain("\"18446744073709551615\"");
    }

    @Test
    void textIsEscaped() {
        assertThat(Json.render(Json.object("a\"b", "line\nline"))).contains("\"a\\\"b\" : \"line\\nline\"");
    }

    @Test
    void aValueJsonDoesNotHaveIsRefused() {
        assertThatThrownBy(() -> Json.render(new Object())).isInstanceOf(IllegalArgumentException.class);
    }
}

package io.fairlead.identity.labels;

import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Label;
import io.fairlead.contract.Labels;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Label sets whose number is the same in every cluster: {@code reserved:host} and its like, and no labels at all. */
public final class ReservedLabels {
    private static final String SOURCE = "reserved";

    private ReservedLabels() {}

    /**
     * The fixed number of a label set, if it has one.
     *
     * @throws IllegalArgumentException when a reserved label is unknown or not alone
     */
    public static Optional<IdentityId> number(Labels labels) {
        if (labels.isEmpty()) {
            return Optional.of(IdentityId.Reserved.INIT.id());
        }
        List<Label> reserved =
                labels.sorted().stream().filter(l -> l.source().equals(SOURCE)).toList();
        if (reserved.isEmpty()) {
            return Optional.empty();
        }
        if (labels.sorted().size() > 1) {
            throw new IllegalArgumentException(
                    "labels: " + labels + " (expected: " + reserved.get(0) + " alone, without other labels)");
        }
        return Optional.of(named(reserved.get(0)));
    }

    /** The label set of a reserved number, such as {@code reserved:host}. */
    public static Labels of(IdentityId.Reserved reserved) {
        return Labels.of(List.of(new Label(SOURCE, reserved.label(), "")));
    }

    private static IdentityId named(Label label) {
        return Arrays.stream(IdentityId.Reserved.values())
                .filter(r -> r != IdentityId.Reserved.UNKNOWN)
                .filter(r -> r.label().equals(label.key()) && label.value().isEmpty())
                .findFirst()
                .map(IdentityId.Reserved::id)
                .orElseThrow(() -> new IllegalArgumentException(
                        "label: \"" + label + "\" (expected: a reserved label such as reserved:host)"));
    }
}

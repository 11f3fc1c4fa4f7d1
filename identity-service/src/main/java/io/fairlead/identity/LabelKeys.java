package io.fairlead.identity;

import io.fairlead.identity.labels.LabelFilter;
import io.fairlead.identity.labels.LabelPrefixFile;
import io.fairlead.runtime.config.Config;
import io.fairlead.runtime.config.ConfigKey;
import io.fairlead.runtime.config.ConfigKeys;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which labels make identities: the configuration of it. */
final class LabelKeys {
    private static final Logger LOGGER = LoggerFactory.getLogger(LabelKeys.class);

    private final ConfigKey<String> labels;
    private final ConfigKey<Optional<LabelPrefixFile>> labelFile;

    LabelKeys(ConfigKeys keys) {
        labels = keys.add(
                "labels",
                LabelKeys::rules,
                "",
                "labels that make identities, rules [source:][!]regex separated by blanks, besides the defaults");
        labelFile = keys.optional(
                "label-prefix-file",
                LabelPrefixFile::read,
                "file with prefixes of labels that make identities, in Cilium's JSON, in place of the defaults");
    }

    /** As configured; says so in the log, in words that users of Cilium look for. */
    LabelFilter filter(Config config) {
        Optional<LabelPrefixFile> file = config.get(labelFile);
        LabelFilter filter = LabelFilter.of(file, config.get(labels));
        if (file.isPresent() && !file.get().includesReserved()) {
            LOGGER.atError()
                    .log("'reserved:.*' needs to be included in the final label list for identities to work properly.");
        }
        LOGGER.atInfo()
                .addKeyValue("rules", String.join(" ", filter.texts()))
                .log("Final label prefixes to be used for identity evaluation:");
        return filter;
    }

    /** The text itself, when its rules can be read. */
    private static String rules(String text) {
        return LabelFilter.parse(text).texts().isEmpty() ? "" : text;
    }
}

package io.fairlead.runtime.config;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Collects texts for keys from where they may be given. Used once. */
final class Sources {
    static final String ENV_PREFIX = "FAIRLEAD_";
    static final String FILE_KEY = "config";
    static final String DIR_KEY = "config-dir";
    static final Set<String> OWN_KEYS = Set.of(FILE_KEY, DIR_KEY, "help");

    /** Kubernetes puts such variables into every container for services that happen to be named fairlead-something. */
    private static final Pattern SERVICE_LINK =
            Pattern.compile("FAIRLEAD_.*_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_[0-9]+_(TCP|UDP)(_.*)?)?)");

    private final Map<String, ConfigKey<?>> keys;
    private final Map<String, String> aliases;
    private final List<String> mistakes;

    /** A text and where it was given. */
    record Given(String text, String origin) {}

    Sources(Map<String, ConfigKey<?>> keys, Map<String, String> aliases, List<String> mistakes) {
        this.keys = keys;
        this.aliases = aliases;
        this.mistakes = mistakes;
    }

    Map<String, Given> read(List<String> args, Map<String, String> environment) {
        Map<String, Given> own = new HashMap<>();
        Map<String, Given> fromArgs = arguments(args, own);
        Map<String, Given> fromEnvironment = environment(environment, own);
        Map<String, Given> result = new HashMap<>(file(own.get(FILE_KEY)));
        result.putAll(directory(own.get(DIR_KEY)));
        result.putAll(fromEnvironment);
        result.putAll(fromArgs);
        return result;
    }

    private Map<String, Given> arguments(List<String> args, Map<String, Given> own) {
        Map<String, Given> found = new LinkedHashMap<>();
        for (String arg : args) {
            if (!arg.startsWith("--") || arg.length() == 2) {
                mistakes.add("argument: \"" + arg + "\" (expected: --key=value)");
                continue;
            }
            int equals = arg.indexOf('=');
            String name = equals < 0 ? arg.substring(2) : arg.substring(2, equals);
            if (equals < 0 && !isSwitch(name) && isKnown(name)) {
                mistakes.add(name + ": no value (expected: --" + name + "=value)");
                continue;
            }
            Given given = new Given(equals < 0 ? "true" : arg.substring(equals + 1), "--" + name);
            if (OWN_KEYS.contains(name)) {
                own.put(name, given);
            } else {
                add(found, name, given);
            }
        }
        return found;
    }

    private boolean isSwitch(String name) {
        ConfigKey<?> key = keys.get(canonical(name));
        return key != null && key.parser() == Values.BOOLEAN;
    }

    private Map<String, Given> environment(Map<String, String> environment, Map<String, Given> own) {
        Map<String, String> names = new HashMap<>();
        Stream.of(keys.keySet(), aliases.keySet(), OWN_KEYS)
                .flatMap(Set::stream)
                .forEach(name -> names.put(variable(name), name));
        Map<String, Given> found = new LinkedHashMap<>();
        for (String variable : new TreeSet<>(environment.keySet())) {
            if (!variable.startsWith(ENV_PREFIX)) {
                continue;
            }
            Given given = new Given(environment.get(variable), variable);
            String name = names.get(variable);
            if (name != null && OWN_KEYS.contains(name)) {
                own.putIfAbsent(name, given);
            } else if (name != null) {
                add(found, name, given);
            } else if (!SERVICE_LINK.matcher(variable).matches()) {
                String asKey = variable.substring(ENV_PREFIX.length()).toLowerCase(Locale.ROOT);
                add(found, asKey.replace('_', '-'), given);
            }
        }
        return found;
    }

    private static String variable(String name) {
        return ENV_PREFIX + name.toUpperCase(Locale.ROOT).replace('-', '_').replace('.', '_');
    }

    private Map<String, Given> directory(@Nullable Given directory) {
        Map<String, Given> found = new LinkedHashMap<>();
        if (directory == null) {
            return found;
        }
        List<Path> files = new ArrayList<>();
        // a mounted ConfigMap: keys are links into "..data", whose name starts with a dot as all bookkeeping does
        try (Stream<Path> all = Files.list(Path.of(directory.text()))) {
            all.filter(p -> !p.getFileName().toString().startsWith(".") && Files.isRegularFile(p))
                    .sorted()
                    .forEach(files::add);
        } catch (IOException | InvalidPathException e) {
            mistakes.add(DIR_KEY + ": \"" + directory.text() + "\" (expected: a readable directory: " + e + ")");
        }
        for (Path file : files) {
            try {
                String text = Files.readString(file).strip();
                add(found, file.getFileName().toString(), new Given(text, file.toString()));
            } catch (IOException e) {
                mistakes.add(file.getFileName() + ": unreadable file " + file + " (expected: UTF-8 text: " + e + ")");
            }
        }
        return found;
    }

    private Map<String, Given> file(@Nullable Given file) {
        Map<String, Given> found = new LinkedHashMap<>();
        if (file == null) {
            return found;
        }
        String where = FILE_KEY + ": \"" + file.text() + "\"";
        try {
            YAMLMapper yaml = YAMLMapper.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build();
            JsonNode root = yaml.readTree(Files.readString(Path.of(file.text())));
            if (root.isMissingNode() || root.isNull()) {
                return found;
            }
            if (!root.isObject()) {
                mistakes.add(where + " (expected: a YAML map of keys to values)");
                return found;
            }
            root.properties().forEach(entry -> yamlEntry(found, file.text(), entry));
        } catch (JacksonException e) {
            mistakes.add(where + " (expected: YAML: " + e.getOriginalMessage().replace('\n', ' ') + ")");
        } catch (IOException | InvalidPathException e) {
            mistakes.add(where + " (expected: a readable file: " + e + ")");
        }
        return found;
    }

    private void yamlEntry(Map<String, Given> found, String file, Map.Entry<String, JsonNode> entry) {
        JsonNode value = entry.getValue();
        boolean flat = value.isValueNode();
        if (value.isArray()) {
            flat = true;
            for (JsonNode item : value) {
                flat &= item.isValueNode();
            }
        }
        if (!flat) {
            mistakes.add(entry.getKey() + ": " + value + " from " + file + " (expected: a value or a list of values)");
            return;
        }
        List<String> items = new ArrayList<>();
        value.elements().forEachRemaining(item -> items.add(item.asText()));
        String text = value.isArray() ? String.join(",", items) : value.isNull() ? "" : value.asText();
        add(found, entry.getKey(), new Given(text, file));
    }

    private void add(Map<String, Given> found, String written, Given given) {
        if (!isKnown(written)) {
            mistakes.add("unknown key: " + written + " from " + given.origin() + nearest(written));
            return;
        }
        String name = canonical(written);
        Given before = found.put(name, given);
        if (before == null || before.text().equals(given.text())) {
            return;
        }
        ConfigKey<?> key = keys.get(name);
        if (key != null && key.parser().joins() && before.origin().equals(given.origin())) {
            found.put(name, new Given(before.text() + "," + given.text(), given.origin()));
        } else {
            mistakes.add(name + ": \"" + before.text() + "\" from " + before.origin() + " and \"" + given.text()
                    + "\" from " + given.origin() + " (expected: one value)");
        }
    }

    private boolean isKnown(String written) {
        return keys.containsKey(written) || aliases.containsKey(written) || OWN_KEYS.contains(written);
    }

    private String canonical(String written) {
        return aliases.getOrDefault(written, written);
    }

    private String nearest(String written) {
        Set<String> known = new TreeSet<>(keys.keySet());
        known.addAll(aliases.keySet());
        known.addAll(OWN_KEYS);
        String best = "";
        int bestDistance = Math.max(2, written.length() / 3) + 1;
        for (String name : known) {
            int distance = EditDistance.between(written, name);
            if (distance < bestDistance) {
                best = name;
                bestDistance = distance;
            }
        }
        return best.isEmpty() ? " (expected: a key that --help lists)" : " (expected: " + best + ", the nearest known)";
    }
}

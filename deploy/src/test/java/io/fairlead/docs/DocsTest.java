package io.fairlead.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class DocsTest {
    private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
    private static final Pattern LINK = Pattern.compile("\\[[^\\]]*\\]\\(([^)\\s]+)\\)");
    private static final Pattern TEST = Pattern.compile("`([A-Z]\\w*Test)(?:\\.(\\w+))?[`.…]");
    private static final Pattern KEY = Pattern.compile("(?m)^  --([a-z0-9-]+)|also: --([a-z0-9-]+)");

    @Test
    void everyLinkLeadsSomewhere() {
        List<String> broken = new ArrayList<>();
        for (Path document : files(".md")) {
            for (MatchResult link : LINK.matcher(text(document)).results().toList()) {
                String[] target = link.group(1).split("#", 2);
                Path file = target[0].isEmpty() ? document : document.resolveSibling(target[0]);
                if (link.group(1).contains("://")) {
                    continue;
                }
                if (!Files.exists(file) || (target.length == 2 && !anchors(file).contains(target[1]))) {
                    broken.add(ROOT.relativize(document) + ": " + link.group(1));
                }
            }
        }
        assertThat(broken).isEmpty();
    }

    @Test
    void everyTestThatADocumentNamesExists() {
        List<Path> sources = files(".java");
        List<String> unknown = new ArrayList<>();
        for (Path document : files(".md")) {
            for (MatchResult named : TEST.matcher(text(document)).results().toList()) {
                boolean there = sources.stream()
                        .filter(source -> source.endsWith(named.group(1) + ".java"))
                        .anyMatch(
                                source -> named.group(2) == null || text(source).contains("void " + named.group(2)));
                if (!there) {
                    unknown.add(ROOT.relativize(document) + ": " + named.group());
                }
            }
        }
        assertThat(unknown).isEmpty();
    }

    @Test
    void theReadmeListsTheConfigurationKeysAndNoOthers() throws Exception {
        Set<String> keys = new TreeSet<>();
        for (String main : List.of(
                "io.fairlead.identity.IdentityServiceMain",
                "io.fairlead.ipam.IpamServiceMain",
                "io.fairlead.routes.RouteDistributorMain",
                "io.fairlead.node.agent.AgentMain")) {
            keys.addAll(keys(main));
        }
        String table = text(ROOT.resolve("README.md"))
                .split("\\| Key \\| Of \\|", 2)[1]
                .split("\n\n", 2)[0];
        Set<String> listed = table.lines()
                .skip(2)
                .flatMap(row -> Pattern.compile("`([^`]+)`")
                        .matcher(row.split("\\|")[1])
                        .results())
                .map(name -> name.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(listed).isEqualTo(keys);
    }

    /** Asks the program itself, as a person would. */
    private static Set<String> keys(String main) throws IOException, InterruptedException {
        Process help = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        main,
                        "--help")
                .redirectErrorStream(true)
                .start();
        String text = new String(help.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(help.waitFor()).as(text).isZero();
        Set<String> keys = KEY.matcher(text)
                .results()
                .map(key -> key.group(1) != null ? key.group(1) : key.group(2))
                .collect(Collectors.toSet());
        assertThat(keys).as(text).contains("debug");
        return keys;
    }

    /** The anchors that a Markdown file's headings make. */
    private static Set<String> anchors(Path file) {
        return text(file)
                .lines()
                .filter(line -> line.startsWith("#"))
                .map(line -> line.replaceFirst("^#+ *", "")
                        .toLowerCase(Locale.ROOT)
                        .replaceAll("[^\\p{L}\\p{N} _-]", "")
                        .replace(' ', '-'))
                .collect(Collectors.toSet());
    }

    private static List<Path> files(String suffix) {
        try (Stream<Path> all = Files.walk(ROOT)) {
            return all.filter(path -> path.toString().endsWith(suffix))
                    .filter(path -> Stream.of("target", ".git")
                            .noneMatch(name -> ROOT.relativize(path).startsWith(name)
                                    || path.toString().contains("/" + name + "/")))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

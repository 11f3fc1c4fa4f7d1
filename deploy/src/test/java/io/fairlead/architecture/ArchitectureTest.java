package io.fairlead.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ArchitectureTest {
    private static final String GENERATED = "io.fairlead.proto..";

    private static JavaClasses all;

    @BeforeAll
    static void read() {
        all = new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages("io.fairlead");
        assertThat(all.size()).as("classes found").isGreaterThan(200);
    }

    static Stream<Arguments> arrows() {
        List<String> modules = List.of("identity", "ipam", "routes", "node", "cli", "soak");
        // package of a module, and the packages of ours it may not know
        return Stream.of(
                Arguments.of("contract", others("contract", "proto")),
                Arguments.of("kvstore", others("kvstore", "contract")),
                Arguments.of("runtime", others("runtime", "contract", "proto")),
                Arguments.of("events", others("events", "contract", "kvstore", "runtime")),
                Arguments.of("identity", without(modules, "identity")),
                Arguments.of("ipam", without(modules, "ipam")),
                Arguments.of("routes", without(modules, "routes")),
                Arguments.of("node", others("node", "contract", "proto", "runtime")),
                Arguments.of("cli", others("cli", "contract", "proto")));
    }

    @ParameterizedTest
    @MethodSource("arrows")
    void dependenciesPointOneWay(String module, List<String> forbidden) {
        noClasses()
                .that()
                .resideInAPackage("io.fairlead." + module + "..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(packages(forbidden))
                .check(all);
    }

    @Test
    void eachOutsideSystemHasOnePackageThatKnowsIt() {
        onlyIn("io.etcd..", "io.fairlead.kvstore.etcd..");
        onlyIn(
                "jnr..",
                "io.fairlead.node.kernel.ffi..",
                "io.fairlead.node.kernel.bpf..",
                "io.fairlead.node.kernel.netlink..");
        onlyIn("picocli..", "io.fairlead.cli..");
        onlyIn("org.apache.kafka..", "io.fairlead.events.kafka..", "io.fairlead.cli.events..");
        onlyIn("io.vertx.kafka..", "io.fairlead.events.kafka..");
    }

    @Test
    void generatedMessagesStayAtTheEdge() {
        noClasses()
                .that()
                .resideInAPackage("io.fairlead..")
                .and()
                .resideOutsideOfPackages(
                        GENERATED,
                        "..grpc..",
                        "..stream..",
                        "..feed..",
                        "..api..",
                        "..client..",
                        "..registration..",
                        "..agent..",
                        "io.fairlead.cli..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(GENERATED)
                .check(all);
    }

    @Test
    void theKernelIsWrittenByTheReconcilerAlone() {
        noClasses()
                .that()
                .resideInAnyPackage("io.fairlead.node.feed..", "io.fairlead.node.api..", "io.fairlead.node.cni..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.fairlead.node.kernel.netlink..", "io.fairlead.node.kernel.ffi..")
                .check(all);
    }

    @Test
    void whatIsDesiredAndPlannedKnowsNoInputOrOutput() {
        noClasses()
                .that()
                .resideInAPackage("io.fairlead.node.desired..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "java.net..", "java.nio.file..", "java.io..", "io.grpc..", "io.fairlead.node.kernel.netlink..")
                .check(all);
    }

    @Test
    void namesSaySomething() {
        noClasses()
                .that()
                .resideInAPackage("io.fairlead..")
                .should()
                .resideInAnyPackage(
                        "..common..", "..util..", "..utils..", "..helper..", "..helpers..", "..impl..", "..manager..")
                .check(all);
    }

    @Test
    void noStateHidesInStatics() {
        fields().that()
                .areDeclaredInClassesThat()
                .resideInAPackage("io.fairlead..")
                .and()
                .areDeclaredInClassesThat()
                .resideOutsideOfPackage(GENERATED)
                .and()
                .areStatic()
                .should()
                .beFinal()
                .orShould()
                .haveModifier(JavaModifier.SYNTHETIC)
                .check(all);
    }

    @Test
    void exceptionsCarryWhatShouldHappenNext() {
        classes()
                .that()
                .haveSimpleNameEndingWith("Exception")
                .and()
                .resideInAnyPackage("io.fairlead.kvstore..", "io.fairlead.node.kernel..", "io.fairlead.node.endpoint..")
                .should()
                .dependOnClassesThat()
                .haveSimpleName("FailureKind")
                .check(all);
    }

    private static void onlyIn(String library, String... allowed) {
        noClasses()
                .that()
                .resideInAPackage("io.fairlead..")
                .and()
                .resideOutsideOfPackages(allowed)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(library)
                .check(all);
    }

    private static List<String> others(String... allowed) {
        return without(
                List.of(
                        "contract",
                        "proto",
                        "kvstore",
                        "runtime",
                        "events",
                        "identity",
                        "ipam",
                        "routes",
                        "node",
                        "cli",
                        "soak"),
                allowed);
    }

    private static List<String> without(List<String> all, String... allowed) {
        return all.stream().filter(name -> !List.of(allowed).contains(name)).toList();
    }

    private static String[] packages(List<String> names) {
        return names.stream().map(name -> "io.fairlead." + name + "..").toArray(String[]::new);
    }
}

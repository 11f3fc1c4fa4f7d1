package io.fairlead.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Records of names, numbers and labels. */
final class NamesTest {
    @Test
    void macTextAndBytesLeadBack() {
        Seeds.forAll(2000, random -> {
            Mac mac = new Mac(random.nextLong() >>> 16);
            assertThat(Mac.parse(mac.toString())).isEqualTo(mac);
            assertThat(Mac.parse(mac.toString().toUpperCase(Locale.ROOT))).isEqualTo(mac);
            assertThat(Mac.of(mac.bytes())).isEqualTo(mac);
            Mac other = new Mac(random.nextLong() >>> 16);
            assertThat(Integer.signum(mac.compareTo(other)))
                    .isEqualTo(Integer.signum(mac.toString().compareTo(other.toString())));
        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "1e:42:49:8a:4e",
                "1e:42:49:8a:4e:bb:cc",
                "1e-42-49-8a-4e-bb",
                "1e4249 8a4ebb",
                "1e:42:49:8a:4e:b",
                "1e:42:49:8a:4e:bg",
                " 1e:42:49:8a:4e:bb",
                "1e:42:49:8a:4e:bb\n",
                "１e:42:49:8a:4e:bb",
                ":::::"
            })
    void whatIsNoMacIsRefused(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Mac.parse(text))
                .withMessageStartingWith("MAC address: \"" + text + "\"");
    }

    @Test
    void macsOfWrongSizeAreRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> new Mac(1L << 48));
        assertThatIllegalArgumentException().isThrownBy(() -> new Mac(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> Mac.of(new byte[8]));
    }

    @ParameterizedTest
    @ValueSource(strings = {"dev1", "a", "1", "a-b", "node-1.example.com", "0.0", "a--b"})
    void goodNodeNamesAreTaken(String name) {
        assertThat(new NodeName(name)).hasToString(name);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", "-a", "a-", "a..b", ".a", "a.", "A", "a_b", "a b", "a/b", "a\n", "ä", "１", "a.-b", "a-.b", "../x"
            })
    void badNodeNamesAreRefused(String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new NodeName(name))
                .withMessageStartingWith("node name: \"" + name + "\"");
    }

    @Test
    void longNodeNamesAreMeasuredAndDoNotExhaustTheMatcher() {
        assertThat(new NodeName("a".repeat(253)).value()).hasSize(253);
        assertThat(new NodeName("a.".repeat(126) + "a").value()).hasSize(253);
        assertThat(new NodeName("a-".repeat(126) + "a").value()).hasSize(253);
        for (String bad : List.of("a".repeat(254), "a".repeat(1_000_000), "-".repeat(253), "a-".repeat(126))) {
            assertThatIllegalArgumentException().isThrownBy(() -> new NodeName(bad));
        }
    }

    @Test
    void clusterNamesHoldAtMost32Characters() {
        assertThat(new ClusterName("a".repeat(32))).hasToString("a".repeat(32));
        for (String bad : List.of("", "A", "-a", "a-", "a.b", "a/b", "a b", "é", "a\n", "a".repeat(33))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new ClusterName(bad))
                    .withMessageStartingWith("cluster name: ");
        }
    }

    @Test
    void identitiesAreUnsignedNumbers() {
        Seeds.forAll(2000, random -> {
            IdentityId a = new IdentityId(random.nextInt());
            IdentityId b = new IdentityId(random.nextInt());
            assertThat(IdentityId.parse(a.toString())).isEqualTo(a);
            assertThat(Integer.signum(a.compareTo(b)))
                    .isEqualTo(Long.signum(Long.parseLong(a.toString()) - Long.parseLong(b.toString())));
        });
        assertThat(IdentityId.parse("4294967295").value()).isEqualTo(-1);
        assertThat(IdentityId.allocated(3, 256)).hasToString("196864");
        assertThat(IdentityId.parse("6").reserved()).contains(IdentityId.Reserved.REMOTE_NODE);
        assertThat(IdentityId.parse("256").reserved()).isEmpty();
        assertThat(IdentityId.Reserved.KUBE_APISERVER.label()).isEqualTo("kube-apiserver");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "-1", "+1", "4294967296", "1.0", "0x1", " 1", "1 ", "1\n", "１", "١", "99999999999999999999"})
    void whatIsNoIdentityIsRefused(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> IdentityId.parse(text))
                .withMessageStartingWith("identity: \"" + text + "\"");
    }

    @Test
    void allocatedIdentitiesAreOfACluster() {
        for (int[] bad : new int[][] {{-1, 256}, {256, 256}, {0, 255}, {0, 65536}, {0, -1}}) {
            assertThatIllegalArgumentException().isThrownBy(() -> IdentityId.allocated(bad[0], bad[1]));
        }
    }

    @Test
    void endpointIdsAreSixteenBits() {
        assertThat(new EndpointId(65535)).hasToString("65535");
        assertThatIllegalArgumentException().isThrownBy(() -> new EndpointId(0));
        assertThatIllegalArgumentException().isThrownBy(() -> new EndpointId(65536));
    }

    private static final String LETTERS = "abAB01-_./:=é ";

    @Test
    void labelTextLeadsBack() {
        Seeds.forAll(5000, random -> {
            String source = "s" + Seeds.text(random, "abc01-", 4);
            String key = "k" + Seeds.text(random, LETTERS.replace("=", ""), 6);
            Label label = new Label(source, key, Seeds.text(random, LETTERS, 6));
            assertThat(Label.parse(label.toString())).isEqualTo(label);
        });
    }

    @Test
    void labelSetsLeadBackFromTheStoresEncodingInAnyOrder() {
        Seeds.forAll(3000, random -> {
            TreeMap<String, Label> model = new TreeMap<>();
            List<Label> given = new ArrayList<>();
            for (int i = random.nextInt(8); i > 0; i--) {
                String source = random.nextBoolean() ? "k8s" : "container";
                Label label = new Label(source, "k" + random.nextInt(5), Seeds.text(random, LETTERS, 4));
                given.add(label);
                model.put(label.key() + "\0" + source, label);
            }
            Labels labels = Labels.of(given);
            assertThat(labels.sorted()).containsExactlyElementsOf(model.values());
            assertThat(Labels.decode(labels.encoded())).isEqualTo(labels);
            assertThat(Labels.parse(labels.texts())).isEqualTo(labels);
            List<Label> shuffled = new ArrayList<>(labels.sorted());
            Collections.shuffle(shuffled, random);
            assertThat(Labels.of(shuffled).encoded()).isEqualTo(labels.encoded());
        });
    }

    @Test
    void theStoresEncodingIsCiliums() {
        String encoded = "k8s:app=web;k8s:io.cilium.k8s.policy.cluster=default;"
                + "k8s:io.cilium.k8s.policy.serviceaccount=default;k8s:io.kubernetes.pod.namespace=default;";
        assertThat(Labels.decode(encoded).encoded()).isEqualTo(encoded);
        assertThat(Labels.decode("reserved:health=;").texts()).containsExactly("reserved:health");
        assertThat(Labels.decode("")).isEqualTo(Labels.EMPTY);
    }

    @ParameterizedTest
    @ValueSource(strings = {"k8s:a=b", "a", ":a=b;", "k8s:=b;", ";", ";;", "k8s:a=b;;", ";k8s:a=b;", "k8s:a=\n;"})
    void whatIsNoEncodingIsRefused(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Labels.decode(text))
                .withMessageContaining("expected:");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "=", "=v", ":k", "s:", "s:=v", "s;:k", "s:k;=v", "s:k=v;", "s:k\u0000=v", "s:k=\u007f"})
    void whatIsNoLabelIsRefused(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Label.parse(text))
                .withMessageStartingWith("label: \"" + text + "\"");
    }

    @Test
    void labelSetsMadeByHandMustBeSorted() {
        Label a = Label.parse("k8s:a=1");
        Label b = Label.parse("k8s:b=1");
        assertThat(new Labels(List.of(a, b)).toString()).isEqualTo("k8s:a=1,k8s:b=1");
        assertThatIllegalArgumentException().isThrownBy(() -> new Labels(List.of(b, a)));
        assertThatIllegalArgumentException().isThrownBy(() -> new Labels(List.of(a, a)));
        assertThatIllegalArgumentException().isThrownBy(() -> new Labels(List.of(a, Label.parse("k8s:a=2"))));
    }
}

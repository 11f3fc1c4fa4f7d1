package io.fairlead.node.registration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.node.endpoint.AddressPool.Supply;
import io.fairlead.node.endpoint.PodBlock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NodeFileTest {
    private static final NodeName NAME = new NodeName("dev1");
    private static final PodBlock GONE = new PodBlock(Cidr.parse("10.99.0.0/26"), "blue");
    private static final Agreement NODE = new Agreement(
            NAME,
            ClusterName.DEFAULT,
            List.of(
                    new PodBlock(Cidr.parse("10.244.1.0/24")),
                    new PodBlock(Cidr.parse("fd00:1::/64")),
                    new PodBlock(Cidr.parse("10.98.0.0/26"), "blue")),
            List.of(Ip.parse("10.244.1.1"), Ip.parse("fd00:1::1")),
            List.of(new Agreement.Asked(new Supply(Ip.Family.V6, "blue"), "id-1")),
            List.of(GONE));

    @TempDir
    private Path directory;

    @Test
    void whatWasWrittenIsRead() throws IOException {
        NodeFile file = new NodeFile(directory);
        assertThat(file.read(NAME)).isEmpty();
        file.write(NODE);
        assertThat(file.read(NAME)).contains(NODE);
    }

    @Test
    void aFileOfAnEarlierReleaseIsRead() throws IOException {
        Files.writeString(
                directory.resolve("node.json"),
                "{\"name\":\"dev1\",\"cluster\":\"default\",\"podCidrs\":[\"10.244.1.0/24\"],\"routers\":[\"10.244.1.1\"]}");
        assertThat(new NodeFile(directory).read(NAME))
                .contains(new Agreement(
                        NAME,
                        ClusterName.DEFAULT,
                        List.of(new PodBlock(Cidr.parse("10.244.1.0/24"))),
                        List.of(Ip.parse("10.244.1.1")),
                        List.of(),
                        List.of()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{",
                "{\"name\":\"dev1\",\"cluster\":\"default\",\"podCidrs\":[],\"routers\":[]}",
                "{\"name\":\"dev1\",\"cluster\":\"default\",\"podCidrs\":[\"x\"],\"routers\":[\"10.244.1.1\"]}",
                "{\"name\":\"dev1\",\"cluster\":\"default\",\"podCidrs\":[\"10.244.1.0/24\",\"10.244.1.0/25\"]}",
                "{\"name\":\"dev1\",\"cluster\":\"default\",\"podCidrs\":[\"10.244.1.0/31\"]}",
                "{\"name\":\"dev1\",\"cluster\":\"default\",\"podCidrs\":[\"10.244.1.0/24\"],\"routers\":[\"x\"]}",
                "{\"name\":\"dev1\",\"cluster\":\"default\",\"podCidrs\":[\"10.244.1.0/24\"],\"returning\":[\"10.244.1.0/24\"]}",
                "{\"name\":\"dev1\",\"cluster\":\"default\",\"podCidrs\":[\"10.244.1.0/24\"],\"pools\":{\"10.244.1.0/24\":\"B!\"}}",
                "{\"name\":\"dev1\",\"cluster\":\"default\",\"podCidrs\":[\"10.244.1.0/24\"],\"asked\":[{\"pool\":\"a\",\"family\":4}]}",
                "{\"name\":\"dev1\",\"cluster\":\"default\",\"podCidrs\":[\"10.244.1.0/24\"],\"asked\":[{\"pool\":\"a\",\"family\":5,\"request\":\"r\"}]}",
                "{\"name\":\"dev1\",\"cluster\":\"default\",\"podCidrs\":[\"10.244.1.0/24\"],\"asked\":[7]}",
                "{\"name\":\"dev1\",\"podCidrs\":[\"10.244.1.0/24\"],\"routers\":[\"10.244.1.1\"]}"
            })
    void aBrokenFileIsSetAside(String content) throws IOException {
        Files.writeString(directory.resolve("node.json"), content);
        assertThat(new NodeFile(directory).read(NAME)).isEmpty();
        assertThat(directory.resolve("node.json.bad")).hasContent(content);
        assertThat(directory.resolve("node.json")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "null", "[]", "7", "{}"})
    void aFileOfNothingCountsAsNone(String content) throws IOException {
        Files.writeString(directory.resolve("node.json"), content);
        assertThat(new NodeFile(directory).read(NAME)).isEmpty();
    }

    @Test
    void anotherNameIsRefusedWhilePodsOfTheFormerOneAreHere() throws IOException {
        NodeFile file = new NodeFile(directory);
        file.write(NODE);
        NodeName other = new NodeName("dev2");
        assertThat(file.read(other)).isEmpty();
        Files.createDirectory(directory.resolve("endpoints"));
        assertThat(file.read(other)).isEmpty();
        Files.writeString(directory.resolve("endpoints/lxc1.json"), "{}");
        assertThatThrownBy(() -> file.read(other))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("node-name: dev2 (expected: dev1");
    }
}

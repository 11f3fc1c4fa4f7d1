package io.fairlead.node.registration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.node.desired.LocalNode;
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
    private static final Ip ADDRESS = Ip.parse("192.168.2.31");
    private static final LocalNode NODE = new LocalNode(
            NAME,
            ClusterName.DEFAULT,
            ADDRESS,
            List.of(Cidr.parse("10.244.1.0/24"), Cidr.parse("fd00:1::/64")),
            List.of(Ip.parse("10.244.1.1"), Ip.parse("fd00:1::1")));

    @TempDir
    private Path directory;

    @Test
    void whatWasWrittenIsReadWithTheAddressOfToday() throws IOException {
        NodeFile file = new NodeFile(directory);
        assertThat(file.read(NAME, ADDRESS)).isEmpty();
        file.write(NODE);
        assertThat(file.read(NAME, ADDRESS)).contains(NODE);
        Ip moved = Ip.parse("192.168.2.99");
        assertThat(file.read(NAME, moved)).map(LocalNode::address).contains(moved);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{",
                "{\"name\":\"dev1\",\"cluster\":\"default\",\"podCidrs\":[],\"routers\":[]}",
                "{\"name\":\"dev1\",\"cluster\":\"default\",\"podCidrs\":[\"x\"],\"routers\":[\"10.244.1.1\"]}",
                "{\"name\":\"dev1\",\"cluster\":\"default\",\"podCidrs\":[\"10.244.1.0/24\"],\"routers\":[]}",
                "{\"name\":\"dev1\",\"podCidrs\":[\"10.244.1.0/24\"],\"routers\":[\"10.244.1.1\"]}"
            })
    void aBrokenFileIsSetAside(String content) throws IOException {
        Files.writeString(directory.resolve("node.json"), content);
        assertThat(new NodeFile(directory).read(NAME, ADDRESS)).isEmpty();
        assertThat(directory.resolve("node.json.bad")).hasContent(content);
        assertThat(directory.resolve("node.json")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "null", "[]", "7", "{}"})
    void aFileOfNothingCountsAsNone(String content) throws IOException {
        Files.writeString(directory.resolve("node.json"), content);
        assertThat(new NodeFile(directory).read(NAME, ADDRESS)).isEmpty();
    }

    @Test
    void anotherNameIsRefusedWhilePodsOfTheFormerOneAreHere() throws IOException {
        NodeFile file = new NodeFile(directory);
        file.write(NODE);
        NodeName other = new NodeName("dev2");
        assertThat(file.read(other, ADDRESS)).isEmpty();
        Files.createDirectory(directory.resolve("endpoints"));
        assertThat(file.read(other, ADDRESS)).isEmpty();
        Files.writeString(directory.resolve("endpoints/lxc1.json"), "{}");
        assertThatThrownBy(() -> file.read(other, ADDRESS))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("node-name: dev2 (expected: dev1");
    }
}

package io.fairlead.cli.dissect;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class DissectionTest {
    private static final String ETHERNET = "1eeab6697423c6dc8106fccb";
    private static final String IPV4 = ETHERNET + "0800";
    private static final String IPV6 = ETHERNET + "86dd";
    private static final String FROM6 = "fd000001000000000000000000000010";
    private static final String TO6 = "fd000001000000000000000000000011";

    static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex.replace(" ", ""));
    }

    private static Dissection of(String hex) {
        return Dissection.of(bytes(hex));
    }

    private static List<String> texts(Dissection dissection) {
        return dissection.layers().stream().map(Layer::text).toList();
    }

    private static String names(Dissection dissection) {
        return dissection.layers().stream().map(Layer::name).collect(Collectors.joining(" "));
    }

    @Test
    void tcpWithItsOptions() {
        // checksum fields are what they are: nobody checks them here
        Dissection syn = of(IPV4 + "4500003c 12344000 40060102 0a000001 0a000002"
                + "9c40 0050 00000001 00000000 a002 faf0 1234 0000 020405b4 0402 080a 00000001 00000000 01 030307");
        assertThat(texts(syn))
                .containsExactly(
                        "Ethernet {Contents=[..14..] Payload=[..62..] SrcMAC=c6:dc:81:06:fc:cb"
                                + " DstMAC=1e:ea:b6:69:74:23 EthernetType=IPv4 Length=0}",
                        "IPv4 {Contents=[..20..] Payload=[..40..] Version=4 IHL=5 TOS=0 Length=60 Id=4660 Flags=DF"
                                + " FragOffset=0 TTL=64 Protocol=TCP Checksum=258 SrcIP=10.0.0.1 DstIP=10.0.0.2"
                                + " Options=[] Padding=[]}",
                        "TCP {Contents=[..40..] Payload=[] SrcPort=40000 DstPort=80(http) Seq=1 Ack=0 DataOffset=10"
                                + " FIN=false SYN=true RST=false PSH=false ACK=false URG=false ECE=false CWR=false"
                                + " NS=false Window=64240 Checksum=4660 Urgent=0 Options=[..5..] Padding=[]}");
        assertThat(syn.connection()).isEqualTo("10.0.0.1:40000 -> 10.0.0.2:80 tcp SYN");
        assertThat(syn.truncated()).isFalse();
        Dissection ack = of(IPV4 + "45000034 12344000 40060102 0a000002 0a000001"
                + "0050 9c40 00000001 00000002 8012 faf0 1234 0000 0101 080a 00000001 00000002");
        assertThat(ack.connection()).isEqualTo("10.0.0.2:80 -> 10.0.0.1:40000 tcp SYN, ACK");
        assertThat(texts(ack).get(2))
                .endsWith("Options=[TCPOption(NOP:), TCPOption(NOP:),"
                        + " TCPOption(Timestamps:1/2 0x0000000100000002)] Padding=[]}");
    }

    @Test
    void udpSctpAndWhatHasNoPorts() {
        Dissection udp = of(IPV4 + "4500001e 00000000 40110000 0a000001 0a000002 d431 0035 000a abcd 0102");
        assertThat(udp.connection()).isEqualTo("10.0.0.1:54321 -> 10.0.0.2:53 udp");
        assertThat(texts(udp).get(2))
                .isEqualTo("UDP {Contents=[..8..] Payload=[1, 2] SrcPort=54321 DstPort=53(domain) Length=10"
                        + " Checksum=43981}");
        Dissection sctp = of(IPV4 + "45000020 00000000 40840000 0a000001 0a000002 1000 2000 00000007 00000009");
        assertThat(sctp.connection()).isEqualTo("10.0.0.1:4096 -> 10.0.0.2:8192 sctp");
        assertThat(texts(sctp).get(2))
                .isEqualTo("SCTP {Contents=[..12..] Payload=[] SrcPort=4096 DstPort=8192 VerificationTag=7"
                        + " Checksum=9}");
        Dissection other = of(IPV4 + "45000018 00000000 402f0000 0a000001 0a000002 00000800");
        assertThat(other.connection()).isEqualTo("10.0.0.1 -> 10.0.0.2");
        assertThat(texts(other).get(1)).contains("Protocol=GRE");
    }

    @Test
    void icmpOfBothFamilies() {
        Dissection unreachable = of(IPV4 + "4500001c 00000000 40010000 0a000001 0a000002 0304 0000 0000 05dc");
        assertThat(unreachable.connection())
                .isEqualTo("10.0.0.1 -> 10.0.0.2 DestinationUnreachable(FragmentationNeeded)");
        Dissection six = of(IPV6 + "60012345 0008 3a 40" + FROM6 + TO6 + "8000 abcd 0007 0001");
        assertThat(six.connection()).isEqualTo("fd00:1::10 -> fd00:1::11 EchoRequest");
        assertThat(texts(six).subList(1, 3))
                .containsExactly(
                        "IPv6 {Contents=[..40..] Payload=[..8..] Version=6 TrafficClass=0 FlowLabel=74565 Length=8"
                                + " NextHeader=ICMPv6 HopLimit=64 SrcIP=fd00:1::10 DstIP=fd00:1::11 HopByHop=nil}",
                        "ICMPv6 {Contents=[128, 0, 171, 205] Payload=[0, 7, 0, 1] TypeCode=EchoRequest"
                                + " Checksum=43981 TypeBytes=[]}");
        assertThat(of(IPV6 + "60000000 0008 3a 40" + FROM6 + TO6 + "8705 abcd 0007 0001")
                        .connection())
                .endsWith(" NeighborSolicitation(Code: 5)");
        assertThat(of(IPV6 + "60000000 0008 3a 40" + FROM6 + TO6 + "c805 abcd 0007 0001")
                        .connection())
                .endsWith(" 200(5)");
    }

    @Test
    void extensionHeadersAreLayers() {
        Dissection six = of(IPV6 + "60000000 0020 00 40" + FROM6 + TO6 + "3c00 05020000 0100" + "1100 0104 00000000"
                + "9c40 0035 0010 0000 0102030405060708");
        assertThat(names(six)).isEqualTo("Ethernet IPv6 IPv6HopByHop IPv6Destination UDP");
        assertThat(six.connection()).isEqualTo("[fd00:1::10]:40000 -> [fd00:1::11]:53 udp");
        assertThat(texts(six).get(2))
                .isEqualTo("IPv6HopByHop {Contents=[..8..] Payload=[..24..] NextHeader=IPv6Destination"
                        + " HeaderLength=0 ActualLength=8 Options=[{OptionType=5 OptionLength=2 ActualLength=4},"
                        + " {OptionType=1 OptionLength=0 ActualLength=2}]}");
        Dissection fragment = of(IPV6 + "60000000 0010 2c 40" + FROM6 + TO6 + "1100 0009 00000007 0102030405060708");
        assertThat(texts(fragment).get(2))
                .isEqualTo("IPv6Fragment {Contents=[..8..] Payload=[..8..] NextHeader=UDP Reserved1=0"
                        + " FragmentOffset=1 Reserved2=0 MoreFragments=true Identification=7}");
        assertThat(fragment.connection()).isEqualTo("fd00:1::10 -> fd00:1::11");
    }

    @Test
    void fragmentsAndOptionsOfIpv4() {
        Dissection later = of(IPV4 + "4500001c 0007 20b9 40110000 0a000001 0a000002 9c40 0035 0010 0000");
        assertThat(later.connection()).isEqualTo("10.0.0.1 -> 10.0.0.2");
        assertThat(texts(later).get(1)).contains("Flags=MF FragOffset=185");
        Dissection options =
                of(IPV4 + "47000024 00000000 40110000 0a000001 0a000002 01 070404 00 aabbcc" + "9c40 0035 0008 0000");
        assertThat(texts(options).get(1))
                .contains("IHL=7")
                .endsWith("Options=[IPv4Option(1:[]), IPv4Option(7:[4 0])] Padding=[]}");
    }

    @Test
    void arpAndOtherFrames() {
        Dissection arp = of(ETHERNET + "0806 0001 0800 06 04 0001 c6dc8106fccb 0a000001 000000000000 0a000002");
        assertThat(arp.connection()).isEqualTo("c6:dc:81:06:fc:cb -> 1e:ea:b6:69:74:23 ARP");
        assertThat(texts(arp).get(1))
                .isEqualTo("ARP {Contents=[..28..] Payload=[] AddrType=Ethernet Protocol=IPv4 HwAddressSize=6"
                        + " ProtAddressSize=4 Operation=1 SourceHwAddress=[..6..] SourceProtAddress=[10, 0, 0, 1]"
                        + " DstHwAddress=[..6..] DstProtAddress=[10, 0, 0, 2]}");
        assertThat(of(ETHERNET + "88cc 0102").connection())
                .isEqualTo("c6:dc:81:06:fc:cb -> 1e:ea:b6:69:74:23 LinkLayerDiscovery");
        assertThat(texts(of(ETHERNET + "0003 424203 0000")).get(0))
                .isEqualTo("Ethernet {Contents=[..14..] Payload=[66, 66, 3] SrcMAC=c6:dc:81:06:fc:cb"
                        + " DstMAC=1e:ea:b6:69:74:23 EthernetType=LLC Length=3}");
        assertThat(of("0102").connection()).isEqualTo("[unknown]");
    }

    @Test
    void whatIsCutIsSaidToBe() {
        Dissection cut = of(IPV4 + "450005dc 00000000 40060000 0a000001 0a000002"
                + "9c40 0050 00000001 00000000 5010 faf0 1234 0000 0102");
        assertThat(cut.truncated()).isTrue();
        assertThat(cut.connection()).isEqualTo("10.0.0.1:40000 -> 10.0.0.2:80 tcp ACK");
        Dissection header = of(IPV4 + "450005dc 00000000 40060000 0a000001 0a000002 9c40 00");
        assertThat(header.truncated()).isTrue();
        assertThat(header.connection()).isEqualTo("10.0.0.1 -> 10.0.0.2");
    }

    @Test
    void whateverTheBytesAreSomethingIsSaid() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        String[] starts = {
            "",
            IPV4,
            IPV6,
            IPV4 + "4f0000ff 00000000 40060000",
            IPV4 + "4500 0080 00000000 4006 0000 0a000001 0a000002",
            IPV6 + "60000000 0040 00 40" + FROM6 + TO6,
            ETHERNET + "0806"
        };
        for (int i = 0; i < 50_000; i++) {
            byte[] start = bytes(starts[random.nextInt(starts.length)]);
            byte[] frame = new byte[random.nextInt(160)];
            random.nextBytes(frame);
            System.arraycopy(start, 0, frame, 0, Math.min(start.length, frame.length));
            try {
                Dissection dissection = Dissection.of(frame);
                assertThat(dissection.connection()).isNotEmpty();
                assertThat(texts(dissection)).allMatch(text -> text.endsWith("}"));
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + ", frame " + Arrays.toString(frame), e);
            }
        }
    }
}

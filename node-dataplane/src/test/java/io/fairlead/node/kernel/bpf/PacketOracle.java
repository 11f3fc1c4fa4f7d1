package io.fairlead.node.kernel.bpf;

import io.fairlead.contract.Ip;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What may go on under a policy that allows UDP to one port: that, what answers it, errors about it, and later fragments
 * of it. Read strictly from the bytes: what is not certain may not.
 */
final class PacketOracle {
    private static final int UDP = 17;
    private final int port;
    private final Set<String> flows = new HashSet<>();
    // Both ways of the flow that a datagram's first fragment names, whether or not it passed.
    private final Map<String, List<String>> firsts = new HashMap<>();
    private int passed;

    PacketOracle(int port) {
        this.port = port;
    }

    int passed() {
        return passed;
    }

    /** Whether a frame may pass; it is remembered then. own: the only senders there may be, empty for any. */
    boolean mayPass(byte[] frame, List<Ip> own) {
        int type = at16(frame, 12);
        boolean v4 = type == 0x0800;
        if (!v4 && type != 0x86dd) {
            return false;
        }
        int header = 14 + (v4 ? 20 : 40);
        if (frame.length < header || (!own.isEmpty() && !own.contains(src(frame, 14)))) {
            return false;
        }
        boolean right = v4 ? four(frame, 14, frame.length) : six(frame, 14, frame.length);
        passed += right ? 1 : 0;
        return right;
    }

    private boolean four(byte[] frame, int at, int length) {
        int header = (frame[at] & 15) * 4;
        int end = at + at16(frame, at + 2);
        int place = at16(frame, at + 6);
        if (frame[at] >> 4 != 4 || header < 20 || end > length || at + header > end) {
            return false;
        }
        String datagram = frame[at + 9] + " " + at16(frame, at + 4) + " " + src(frame, at) + " " + dst(frame, at);
        return upper(frame, at, at + header, end, frame[at + 9] & 255, place & 0x1fff, (place & 0x2000) != 0, datagram);
    }

    private boolean six(byte[] frame, int at, int length) {
        int end = at + 40 + at16(frame, at + 4);
        int next = frame[at + 6] & 255;
        int header = at + 40;
        int offset = 0;
        boolean more = false;
        String id = "";
        if ((frame[at] & 255) >> 4 != 6 || end > length) {
            return false;
        }
        for (int n = 0; Set.of(0, 43, 44, 51, 60).contains(next) && offset == 0; n++) {
            if (header + 8 > end || n == 6 || (next == 44 && !id.isEmpty())) {
                return false;
            }
            int kind = next;
            next = frame[header] & 255;
            if (kind == 44) {
                offset = at16(frame, header + 2) >> 3;
                more = (frame[header + 3] & 1) != 0;
                id = at16(frame, header + 4) + "," + at16(frame, header + 6);
                header += 8;
            } else if (kind == 51) {
                header += ((frame[header + 1] & 255) + 2) * 4;
            } else {
                header += ((frame[header + 1] & 255) + 1) * 8;
            }
        }
        String datagram = next + " " + id + " " + src(frame, at) + " " + dst(frame, at);
        return upper(frame, at, header, end, next, offset, more || !id.isEmpty(), datagram);
    }

    private boolean upper(
            byte[] frame, int ip, int at, int end, int protocol, int offset, boolean fragment, String datagram) {
        if (offset > 0) {
            return firsts.getOrDefault(datagram, List.of()).stream().anyMatch(flows::contains);
        }
        if (at + 8 > end) {
            return false;
        }
        boolean error =
                protocol == 1 ? Set.of(3, 4, 5, 11, 12).contains(frame[at] & 255) : protocol == 58 && frame[at] >= 0;
        if (error && (protocol == 1) == (frame[ip] >> 4 == 4)) {
            return isAbout(frame, at + 8, dst(frame, ip));
        }
        if (protocol != UDP) {
            return false;
        }
        String forth = src(frame, ip) + " " + at16(frame, at) + " " + dst(frame, ip) + " " + at16(frame, at + 2);
        String back = dst(frame, ip) + " " + at16(frame, at + 2) + " " + src(frame, ip) + " " + at16(frame, at);
        if (fragment) {
            firsts.put(datagram, List.of(forth, back));
        }
        if (at16(frame, at + 2) != port && !flows.contains(back)) {
            return false;
        }
        flows.add(forth);
        return true;
    }

    /** Whether a quote is of a packet that the error's receiver sent. */
    private boolean isAbout(byte[] frame, int at, Ip receiver) {
        boolean v4 = frame.length > at && frame[at] >> 4 == 4;
        int l4 = at + (v4 ? (frame[at] & 15) * 4 : 40);
        if (l4 < at + 20 || l4 + 4 > frame.length || !src(frame, at).equals(receiver)) {
            return false;
        }
        String forth = src(frame, at) + " " + at16(frame, l4) + " " + dst(frame, at) + " " + at16(frame, l4 + 2);
        String back = dst(frame, at) + " " + at16(frame, l4 + 2) + " " + src(frame, at) + " " + at16(frame, l4);
        return flows.contains(forth) || flows.contains(back);
    }

    private static Ip src(byte[] frame, int at) {
        boolean v4 = (frame[at] & 255) >> 4 == 4;
        return Ip.of(Frames.slice(frame, at + (v4 ? 12 : 8), at + (v4 ? 16 : 24)));
    }

    private static Ip dst(byte[] frame, int at) {
        boolean v4 = (frame[at] & 255) >> 4 == 4;
        return Ip.of(Frames.slice(frame, at + (v4 ? 16 : 24), at + (v4 ? 20 : 40)));
    }

    private static int at16(byte[] frame, int at) {
        return (frame[at] & 255) << 8 | (frame[at + 1] & 255);
    }
}

package io.fairlead.node.cni;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** The frames between shim and agent, big-endian; cni/DESIGN.md has the layout. */
final class CniFrames {
    static final int REQUEST_MAGIC = 0x464c434e; // "FLCN"
    static final int REPLY_MAGIC = 0x464c4352; // "FLCR"
    static final int VERSION = 1;
    static final int MAX_ENVIRONMENT = 64 << 10;
    static final int MAX_STDIN = 1 << 20;
    static final int MAX_REPLY = 1 << 20;
    private static final int REPLY_HEADER = 12;

    private CniFrames() {}

    /**
     * Reads one request.
     *
     * @throws EOFException when it ends early
     * @throws CniException when it is no request
     */
    static CniRequest readRequest(InputStream in) throws IOException {
        DataInputStream data = new DataInputStream(in);
        expect("magic", data.readInt(), REQUEST_MAGIC);
        expect("frame version", data.readUnsignedShort(), VERSION);
        expect("flags", data.readUnsignedShort(), 0);
        int environment = length("environment", data.readInt(), MAX_ENVIRONMENT);
        int stdin = length("network configuration", data.readInt(), MAX_STDIN);
        Map<String, String> variables = variables(exactly(data, environment));
        return new CniRequest(variables, ByteBuffer.wrap(exactly(data, stdin)));
    }

    /** The bytes of a reply; a result too long for a frame becomes an error. */
    static ByteBuffer reply(CniReply reply) {
        byte[] output = reply.output().getBytes(StandardCharsets.UTF_8);
        if (output.length > MAX_REPLY) {
            return reply(CniReply.failure(
                    CniReply.FALLBACK_VERSION,
                    new CniException(
                            CniCode.INTERNAL,
                            "result: " + output.length + " bytes (expected: at most " + MAX_REPLY + ")")));
        }
        return ByteBuffer.allocate(REPLY_HEADER + output.length)
                .putInt(REPLY_MAGIC)
                .putShort((short) VERSION)
                .put((byte) 0)
                .put((byte) reply.exitCode())
                .putInt(output.length)
                .put(output)
                .flip();
    }

    private static Map<String, String> variables(byte[] block) {
        Map<String, String> variables = new HashMap<>();
        int start = 0;
        for (int i = 0; i < block.length; i++) {
            if (block[i] == 0) {
                String variable = new String(block, start, i - start, StandardCharsets.UTF_8);
                int equals = variable.indexOf('=');
                if (equals < 1) {
                    throw malformed("variable", "\"" + variable + "\"", "NAME=VALUE");
                }
                variables.put(variable.substring(0, equals), variable.substring(equals + 1));
                start = i + 1;
            }
        }
        if (start != block.length) {
            throw malformed("environment", "an open end", "a NUL behind each variable");
        }
        return variables;
    }

    private static byte[] exactly(DataInputStream data, int length) throws IOException {
        byte[] bytes = data.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException("frame ends after " + bytes.length + " of " + length + " bytes");
        }
        return bytes;
    }

    private static int length(String what, int value, int most) {
        if (value < 0 || value > most) {
            throw malformed(what, Integer.toUnsignedString(value) + " bytes", "at most " + most);
        }
        return value;
    }

    private static void expect(String what, int value, int expected) {
        if (value != expected) {
            throw malformed(what, "0x" + Integer.toHexString(value), "0x" + Integer.toHexString(expected));
        }
    }

    private static CniException malformed(String what, String value, String expected) {
        return new CniException(CniCode.IO, "CNI frame: " + what + " is " + value + " (expected: " + expected + ")");
    }
}

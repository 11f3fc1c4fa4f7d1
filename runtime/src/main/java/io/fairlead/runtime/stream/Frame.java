package io.fairlead.runtime.stream;

import java.io.IOException;
import java.io.OutputStream;

/**
 * A response ready to send: its nonce, and the encoded rest that it shares with other nodes' responses.
 *
 * <p>Protobuf fields may come in any order and in pieces, so the two are written one after the other.
 */
public final class Frame {
    private static final int NONCE_TAG = 1 << 3;

    private final long nonce;
    private final byte[] body;

    Frame(long nonce, byte[] body) {
        this.nonce = nonce;
        this.body = body;
    }

    long nonce() {
        return nonce;
    }

    int length() {
        int length = 1 + body.length;
        for (long rest = nonce; rest != 0 || length == 1 + body.length; rest >>>= 7) {
            length++;
        }
        return length;
    }

    void writeTo(OutputStream out) throws IOException {
        out.write(NONCE_TAG);
        long rest = nonce;
        while ((rest & ~0x7fL) != 0) {
            out.write((int) ((rest & 0x7f) | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
        out.write(body);
    }
}

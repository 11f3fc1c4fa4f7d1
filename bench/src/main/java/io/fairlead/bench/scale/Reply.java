package io.fairlead.bench.scale;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import io.grpc.MethodDescriptor;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/**
 * What a simulated node looks at in a response. The rest is passed over unread: thousands of nodes that each decode every
 * route would measure the simulation.
 *
 * @param entries how many entries there are, -1 when it does not say
 * @param upserts of all kinds
 * @param body the whole response for a node that keeps its table, else empty
 */
record Reply(
        long nonce,
        long version,
        String epoch,
        boolean snapshot,
        boolean inSync,
        long entries,
        int upserts,
        ByteString body) {

    /**
     * Numbers of the fields that differ.
     *
     * @param inSync of in_sync
     * @param entries of entries, 0 for none
     */
    record Fields(int inSync, int entries) {}

    /** Reads replies. {@code whole} keeps their bytes. */
    record Marshaller(Fields fields, boolean whole) implements MethodDescriptor.Marshaller<Reply> {
        @Override
        public InputStream stream(Reply value) {
            throw new UnsupportedOperationException("replies are only received");
        }

        @Override
        public Reply parse(InputStream stream) {
            try {
                if (!whole) {
                    return read(CodedInputStream.newInstance(stream), ByteString.EMPTY);
                }
                ByteString body = ByteString.readFrom(stream);
                return read(body.newCodedInput(), body);
            } catch (IOException e) {
                throw new UncheckedIOException("response", e);
            }
        }

        private Reply read(CodedInputStream in, ByteString body) throws IOException {
            long nonce = 0;
            long version = 0;
            String epoch = "";
            boolean snapshot = false;
            boolean inSync = false;
            long entries = -1;
            int upserts = 0;
            for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
                int field = WireFormat.getTagFieldNumber(tag);
                if (field == 1) {
                    nonce = in.readUInt64();
                } else if (field == 2) {
                    version = in.readInt64();
                } else if (field == 3) {
                    epoch = in.readString();
                } else if (field == 4) {
                    snapshot = in.readBool();
                } else if (field == fields.inSync()) {
                    inSync = in.readBool();
                } else if (field == fields.entries()) {
                    entries = in.readUInt64();
                } else {
                    upserts += field == 5 || field == 7 ? 1 : 0;
                    in.skipField(tag);
                }
            }
            return new Reply(nonce, version, epoch, snapshot, inSync, entries, upserts, body);
        }
    }
}

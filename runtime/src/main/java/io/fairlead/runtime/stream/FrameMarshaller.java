package io.fairlead.runtime.stream;

import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/** Lets a generated method send {@link Frame}s in place of its responses. */
public final class FrameMarshaller implements MethodDescriptor.Marshaller<Frame> {
    private FrameMarshaller() {}

    /** The method as the server sees it; clients use the generated one. */
    public static <Q> MethodDescriptor<Q, Frame> method(MethodDescriptor<Q, ?> generated) {
        return generated.toBuilder(generated.getRequestMarshaller(), new FrameMarshaller())
                .build();
    }

    @Override
    public InputStream stream(Frame frame) {
        return new FrameStream(frame);
    }

    @Override
    public Frame parse(InputStream stream) {
        throw new UnsupportedOperationException("frames are only sent");
    }

    private static final class FrameStream extends InputStream implements KnownLength, Drainable {
        private final Frame frame;
        // owned by: the transport that reads it; set when it reads instead of draining
        private @Nullable ByteArrayInputStream bytes;
        private boolean drained;

        FrameStream(Frame frame) {
            this.frame = frame;
        }

        @Override
        public int drainTo(OutputStream target) throws IOException {
            if (bytes != null) {
                return (int) bytes.transferTo(target);
            }
            drained = true;
            frame.writeTo(target);
            return frame.length();
        }

        @Override
        public int available() throws IOException {
            return drained ? 0 : bytes == null ? frame.length() : bytes.available();
        }

        @Override
        public int read() throws IOException {
            return drained ? -1 : bytes().read();
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            return drained ? -1 : bytes().read(target, offset, length);
        }

        private ByteArrayInputStream bytes() throws IOException {
            if (bytes == null) {
                ByteArrayOutputStream out = new ByteArrayOutputStream(frame.length());
                frame.writeTo(out);
                bytes = new ByteArrayInputStream(out.toByteArray());
            }
            return bytes;
        }
    }
}

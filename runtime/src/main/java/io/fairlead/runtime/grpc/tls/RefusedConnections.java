package io.fairlead.runtime.grpc.tls;

import io.grpc.ServerCredentials;
import io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.InternalNettyServerCredentials;
import io.grpc.netty.InternalProtocolNegotiator;
import io.grpc.netty.InternalProtocolNegotiators;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.AsciiString;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says whose connection was refused and why; gRPC itself keeps quiet about handshakes that fail. */
final class RefusedConnections {
    private static final Logger LOGGER = LoggerFactory.getLogger(RefusedConnections.class);
    private static final long QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private final Counter refused;
    private final AtomicLong lastSaid = new AtomicLong(System.nanoTime() - QUIET_NANOS);

    private RefusedConnections(MeterRegistry metrics) {
        this.refused = Counter.builder("fairlead.refused.connections")
                .description("connections whose TLS handshake failed")
                .register(metrics);
    }

    static ServerCredentials logged(SslContext context, MeterRegistry metrics) {
        RefusedConnections log = new RefusedConnections(metrics);
        InternalProtocolNegotiator.ProtocolNegotiator tls = InternalProtocolNegotiators.serverTls(context);
        return InternalNettyServerCredentials.create(new InternalProtocolNegotiator.ProtocolNegotiator() {
            @Override
            public AsciiString scheme() {
                return tls.scheme();
            }

            @Override
            public ChannelHandler newHandler(GrpcHttp2ConnectionHandler handler) {
                return log.before(tls.newHandler(handler));
            }

            @Override
            public void close() {
                tls.close();
            }
        });
    }

    /** gRPC's handler puts the one that does TLS before itself; the listener has to come between the two. */
    private ChannelHandler before(ChannelHandler handshaking) {
        return new ChannelInboundHandlerAdapter() {
            @Override
            public void handlerAdded(ChannelHandlerContext context) {
                context.pipeline().addAfter(context.name(), null, handshaking);
                String name = context.pipeline().context(handshaking).name();
                context.pipeline().addBefore(name, null, new Listener());
                context.pipeline().remove(this);
            }
        };
    }

    private final class Listener extends ChannelInboundHandlerAdapter {
        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
            if (event instanceof SslHandshakeCompletionEvent completed && !completed.isSuccess()) {
                say(context, completed.cause());
            }
            super.userEventTriggered(context, event);
        }
    }

    /** Not each of many: whoever connects again and again must not fill the log. */
    private void say(ChannelHandlerContext context, Throwable cause) {
        refused.increment();
        long now = System.nanoTime();
        long last = lastSaid.get();
        if (now - last >= QUIET_NANOS && lastSaid.compareAndSet(last, now)) {
            LOGGER.atWarn()
                    .addKeyValue("from", context.channel().remoteAddress())
                    .addKeyValue("reason", reason(cause))
                    .log("connection refused");
        }
    }

    private static String reason(Throwable cause) {
        if (cause instanceof NotSslRecordException) {
            return "it does not speak TLS (expected: TLS 1.2 or later with a client certificate)";
        }
        String said = "";
        for (Throwable each = cause; each != null; each = each.getCause()) {
            if (each.getMessage() != null) {
                said = each.getMessage();
                if (said.startsWith("certificate of")) {
                    break;
                }
            }
        }
        if (said.equals("Empty client certificate chain")) {
            return "no client certificate (expected: one of a trusted authority)";
        }
        return said.isEmpty() ? cause.toString() : said;
    }
}

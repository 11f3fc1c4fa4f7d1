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
import io.netty.handler.ssl.SslHandler;
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

    /** gRPC's handler waits for the connection and then puts the one that does TLS into the pipeline. */
    private ChannelHandler before(ChannelHandler handshaking) {
        return new ChannelInboundHandlerAdapter() {
            @Override
            public void handlerAdded(ChannelHandlerContext context) {
                context.pipeline().addAfter(context.name(), null, handshaking);
                listen(context, this);
            }

            @Override
            public void channelActive(ChannelHandlerContext context) {
                context.fireChannelActive();
                listen(context, this);
            }
        };
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the listener is what is wanted
    private void listen(ChannelHandlerContext context, ChannelHandler self) {
        SslHandler ssl = context.pipeline().get(SslHandler.class);
        if (ssl != null) {
            context.pipeline().remove(self);
            ssl.handshakeFuture().addListener(done -> {
                if (!done.isSuccess()) {
                    say(context, done.cause());
                }
            });
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

package io.fairlead.runtime.grpc;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.util.concurrent.TimeUnit;

/** Event loops for unix sockets, which Netty's default transport does not serve. */
final class Loops {
    private Loops() {}

    static EventLoopGroup start() {
        return new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    }

    /** Calls that are still open get a moment to end on the loop. */
    @SuppressWarnings("FutureReturnValueIgnored") // nobody waits for the thread to be gone
    static void end(EventLoopGroup loops) {
        loops.shutdownGracefully(200, 2_000, TimeUnit.MILLISECONDS);
    }
}

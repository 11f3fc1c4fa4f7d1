/**
 * How processes speak gRPC: servers and channels over TCP and unix sockets, deadlines, and failures as statuses.
 *
 * <p>Everything runs on Netty's own event loops (direct executor), so handlers must not block.
 */
@NullMarked
package io.fairlead.runtime.grpc;

import org.jspecify.annotations.NullMarked;

/**
 * The service's gRPC side: reads requests, answers with what allocation decided.
 *
 * <p>Generated messages stay in here.
 */
@NullMarked
package io.fairlead.ipam.grpc;

import org.jspecify.annotations.NullMarked;

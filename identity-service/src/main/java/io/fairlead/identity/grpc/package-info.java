/**
 * The service's gRPC side for calls with one answer: reads requests, answers with what was decided.
 *
 * <p>Generated messages stay in here and in {@code stream}.
 */
@NullMarked
package io.fairlead.identity.grpc;

import org.jspecify.annotations.NullMarked;

/**
 * The ipam-service: which addresses nodes have, and which pod CIDR is theirs.
 *
 * <p>Read left to right: {@code grpc} takes a request, {@code allocation} decides it by a transaction, {@code pool} is the
 * arithmetic of blocks.
 */
@NullMarked
package io.fairlead.ipam;

import org.jspecify.annotations.NullMarked;

/**
 * Tests of the package of the same name, on loopback.
 *
 * <p>Both ends are real, what they explain is made up.
 */
@NullMarked
package io.fairlead.node.explain.grpc;

import org.jspecify.annotations.NullMarked;

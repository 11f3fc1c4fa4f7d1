/**
 * Tests of the package of the same name, with programs that answer what a test tells them.
 *
 * <p>Those with real programs are beside the programs' own tests.
 */
@NullMarked
package io.fairlead.node.explain;

import org.jspecify.annotations.NullMarked;

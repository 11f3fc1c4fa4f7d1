/**
 * {@code fairlead connectivity test}: pods that try to reach each other, nodes and the world under one policy after
 * another, and whether they can when they should and cannot when they should not. How pods come to be is a driver's.
 */
@NullMarked
package io.fairlead.cli.connectivity;

import org.jspecify.annotations.NullMarked;

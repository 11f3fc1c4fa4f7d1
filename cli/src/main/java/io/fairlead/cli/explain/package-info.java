/**
 * {@code fairlead explain}: what becomes of a packet, decision by decision. The agent does the work; here is how the
 * question is written and how the answer looks.
 */
@NullMarked
package io.fairlead.cli.explain;

import org.jspecify.annotations.NullMarked;

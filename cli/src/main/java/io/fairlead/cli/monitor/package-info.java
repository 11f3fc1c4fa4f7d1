/**
 * {@code fairlead monitor}: what the datapath tells, in the forms Cilium's users know.
 *
 * <p>Forms are of cilium monitor 1.10, its quirks included.
 */
@NullMarked
package io.fairlead.cli.monitor;

import org.jspecify.annotations.NullMarked;

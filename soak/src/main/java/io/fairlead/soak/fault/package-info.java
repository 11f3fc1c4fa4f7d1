/**
 * What goes wrong, and how it is put right again.
 *
 * <p>Which fault hits whom, and for how long, comes from the seed alone.
 */
@NullMarked
package io.fairlead.soak.fault;

import org.jspecify.annotations.NullMarked;

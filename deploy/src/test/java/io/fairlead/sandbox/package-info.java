/** The cluster in a box, used as a person would use it: its own commands, real packets. */
@NullMarked
package io.fairlead.sandbox;

import org.jspecify.annotations.NullMarked;

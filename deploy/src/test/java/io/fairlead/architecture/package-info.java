/** The shape of the whole: what may know what. */
@NullMarked
package io.fairlead.architecture;

import org.jspecify.annotations.NullMarked;

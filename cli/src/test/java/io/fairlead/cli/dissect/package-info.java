/** Tests. */
@NullMarked
package io.fairlead.cli.dissect;

import org.jspecify.annotations.NullMarked;

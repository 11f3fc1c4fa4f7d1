/** Tests. */
@NullMarked
package io.fairlead.cli.monitor;

import org.jspecify.annotations.NullMarked;

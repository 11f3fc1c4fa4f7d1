/** Processes of ours as children of a test. */
@NullMarked
package io.fairlead.runtime.process.testing;

import org.jspecify.annotations.NullMarked;

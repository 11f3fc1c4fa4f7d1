/**
 * What the store's entries say, as entities that appear, change and go.
 *
 * <p>No I/O here: what a watch says goes in, changes of entities come out.
 */
@NullMarked
package io.fairlead.events.source;

import org.jspecify.annotations.NullMarked;

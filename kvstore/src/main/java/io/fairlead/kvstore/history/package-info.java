/**
 * What a key held before.
 *
 * <p>A reader that starts while a value is unreadable learns here what the others have known since before.
 */
@NullMarked
package io.fairlead.kvstore.history;

import org.jspecify.annotations.NullMarked;

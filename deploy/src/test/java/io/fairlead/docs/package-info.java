/**
 * The documents, held to the code.
 *
 * <p>What a machine can check of them: links, configuration keys, names of tests.
 */
@NullMarked
package io.fairlead.docs;

import org.jspecify.annotations.NullMarked;

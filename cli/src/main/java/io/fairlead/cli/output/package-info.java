/**
 * What an answer is printed with: aligned tables, and JSON of plain maps and lists.
 *
 * <p>Nothing here knows what is printed.
 */
@NullMarked
package io.fairlead.cli.output;

import org.jspecify.annotations.NullMarked;

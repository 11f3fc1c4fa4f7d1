/**
 * From the store to nodes: address to identity, and identity to labels.
 *
 * <p>One watch over everything keeps revisions in order; the table of one version is the same on every replica.
 */
@NullMarked
package io.fairlead.identity.stream;

import org.jspecify.annotations.NullMarked;

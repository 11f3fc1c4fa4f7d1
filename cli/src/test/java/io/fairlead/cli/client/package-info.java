/**
 * An agent that answers what a test tells it to.
 *
 * <p>Here because only packages of this name may use generated messages.
 */
@NullMarked
package io.fairlead.cli.client;

import org.jspecify.annotations.NullMarked;

/**
 * Typed configuration: a process declares its keys, reads them once, and learns all mistakes at once.
 *
 * <p>Values come from arguments, then the environment, then files; nothing else in the project reads any of these.
 */
@NullMarked
package io.fairlead.runtime.config;

import org.jspecify.annotations.NullMarked;

/**
 * How every process starts, is configured, answers health and metrics, streams snapshots, and stops.
 *
 * <p>Process manners only: what a process decides is in the module that owns the decision.
 */
@NullMarked
package io.fairlead.runtime;

import org.jspecify.annotations.NullMarked;

/**
 * Everything about a node that helps somebody far away to find out what is wrong, in one archive: what the agent knows, what
 * the kernel has, how services are, and their logs.
 */
@NullMarked
package io.fairlead.cli.sysdump;

import org.jspecify.annotations.NullMarked;

/**
 * Why a packet would arrive, or not: a packet is made, the programs attached on its way are run on it, and each decision
 * becomes a line. Nothing is sent and no state changes.
 */
@NullMarked
package io.fairlead.node.explain;

import org.jspecify.annotations.NullMarked;

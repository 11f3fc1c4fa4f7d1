/**
 * How this node's datapath is set up: keys, checks, sizes of maps, host routing, masquerade, and the way from one layout
 * of maps to another. What the programs then do is in the C.
 */
@NullMarked
package io.fairlead.node.datapath;

import org.jspecify.annotations.NullMarked;

/** Tests of the datapath's set-up. Those that load programs make namespaces of their own. */
@NullMarked
package io.fairlead.node.datapath;

import org.jspecify.annotations.NullMarked;

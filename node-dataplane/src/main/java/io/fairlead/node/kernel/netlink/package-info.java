/**
 * The kernel's routing tables and devices over rtnetlink(7): a layer of bytes, and a layer of objects named after iproute2.
 *
 * <p>Everything the agent writes carries {@link io.fairlead.node.kernel.netlink.Ownership}; what does not is never touched.
 */
@NullMarked
package io.fairlead.node.kernel.netlink;

import org.jspecify.annotations.NullMarked;

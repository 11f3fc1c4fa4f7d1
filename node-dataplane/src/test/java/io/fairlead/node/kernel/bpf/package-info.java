/** The datapath tested: layouts without privilege; packets, maps and links as root in namespaces of their own. */
@org.jspecify.annotations.NullMarked
package io.fairlead.node.kernel.bpf;

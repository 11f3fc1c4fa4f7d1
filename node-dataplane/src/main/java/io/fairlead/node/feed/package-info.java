/**
 * What the services say, turned into desired state; and what the kernel made of it, said back.
 *
 * <p>A stream that ends is opened again and goes on where it stopped; what was known stays in force meanwhile.
 */
@NullMarked
package io.fairlead.node.feed;

import org.jspecify.annotations.NullMarked;

package io.fairlead.node.kernel.netlink;

import java.util.function.Consumer;

/**
 * One message to the kernel that is answered by yes or no.
 *
 * @param attempt what it is for, in the exception: "address add 10.0.0.1/32"
 * @param encode writes the message
 */
public record Request(String attempt, Consumer<NlmsgWriter> encode) {}

package io.fairlead.node.kernel;

/**
 * What is attached at a hook.
 *
 * @param ifindex the device the link holds; 0 when it is gone
 * @param programId the kernel's id of the program
 */
public record Attachment(int ifindex, int programId) {}

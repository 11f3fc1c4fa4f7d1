package io.fairlead.node.kernel;

/**
 * What a policy says.
 *
 * @param deny forbids; else allows
 * @param rule the agent's number for the rule it comes from
 */
public record PolicyEntry(boolean deny, int rule) {}

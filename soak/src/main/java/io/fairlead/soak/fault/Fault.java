package io.fairlead.soak.fault;

/**
 * One fault.
 *
 * @param text for people: what, and whom
 * @param begin makes it happen
 * @param heal puts it right; what was killed is started again, which takes its time
 */
public record Fault(String text, Runnable begin, Runnable heal) {}

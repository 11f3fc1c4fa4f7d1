package io.fairlead.node.kernel;

/** Why destinations see pods' own addresses. */
public enum NoMasquerade {
    /** They are routed natively. */
    NATIVE,
    /** The ip-masq-agent file names them. */
    AGENT
}

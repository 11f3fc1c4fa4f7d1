package io.fairlead.node.kernel;

/** A table that the programs fill by themselves, packet by packet. Any thread; calls block. */
public interface FlowTable {
    /** The table's name in logs, metrics and status: "ct4_tcp". */
    String name();

    /** Most entries it holds; one more takes the place of the least used. */
    int capacity();

    /** How full it is about, 0 to 1, without reading all of it. */
    double filled();
}

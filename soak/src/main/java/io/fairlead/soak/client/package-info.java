/**
 * Nodes that are not there: they speak the agents' protocol with the services and keep the tables an agent would keep.
 *
 * <p>Thousands of them fit into one process: connections are shared, and so are the keys and values of their tables.
 */
@NullMarked
package io.fairlead.soak.client;

import org.jspecify.annotations.NullMarked;

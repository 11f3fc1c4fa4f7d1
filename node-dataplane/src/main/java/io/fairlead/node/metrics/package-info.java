/**
 * What the agent tells Prometheus about its node, read when it is asked for. Names are those users of Cilium and kube-router
 * have in their dashboards, with the prefix fairlead_.
 */
@NullMarked
package io.fairlead.node.metrics;

import org.jspecify.annotations.NullMarked;

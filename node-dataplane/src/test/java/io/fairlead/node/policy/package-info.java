/** Policies against a plain model that evaluates rules one by one. */
@org.jspecify.annotations.NullMarked
package io.fairlead.node.policy;

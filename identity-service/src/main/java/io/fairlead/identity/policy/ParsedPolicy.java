package io.fairlead.identity.policy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.contract.policy.Policy;

/**
 * A document and what it means.
 *
 * @param policy what nodes compute with
 * @param document as it was given, with its namespace where it has one
 */
record ParsedPolicy(Policy policy, ObjectNode document) {}

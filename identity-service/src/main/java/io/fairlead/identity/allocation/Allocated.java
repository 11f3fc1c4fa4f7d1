package io.fairlead.identity.allocation;

import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Labels;

/**
 * A label set's number.
 *
 * @param id the number
 * @param labels the labels that made it, filtered
 */
public record Allocated(IdentityId id, Labels labels) {}

package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;

/**
 * What a node holds after it has registered.
 *
 * @param podCidr its block
 * @param revision revision of its record
 */
public record Registered(Cidr podCidr, long revision) {}

package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import java.util.List;

/**
 * What a node holds after a request.
 *
 * @param podCidrs its blocks, in the order it was given them
 * @param revision revision of its record
 * @param changed false when everything was so already
 */
public record Registered(List<Cidr> podCidrs, long revision, boolean changed) {
    public Registered {
        podCidrs = List.copyOf(podCidrs);
    }
}

package io.fairlead.routes.table;

import io.fairlead.contract.Cidr;
import java.util.List;

/**
 * A pod CIDR that several nodes say is theirs, all of it or a part.
 *
 * @param winner whose route is used
 * @param losers claims that overlap it and get no route, in the order they would follow
 */
public record Conflict(Cidr cidr, Route winner, List<Route> losers) {
    public Conflict {
        losers = List.copyOf(losers);
    }
}

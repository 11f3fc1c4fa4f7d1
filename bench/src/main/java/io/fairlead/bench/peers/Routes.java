package io.fairlead.bench.peers;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;

/**
 * What is announced: bulk routes 10.x.y.0/24, single ones 10.255.y.0/24.
 *
 * @param count bulk routes
 * @param eachItsOwn a next hop for each route, as a cluster has it, rather than one for all
 */
record Routes(int count, boolean eachItsOwn) {
    private static final int SINGLE = 255;
    /** One route in so many is looked at: see rtwatch. */
    private static final int SAMPLE = 16;

    static Cidr bulk(int index) {
        return new Cidr(Ip.v4(10 << 24 | index << 8), 24);
    }

    static Cidr single(int index) {
        return new Cidr(Ip.v4(10 << 24 | SINGLE << 16 | index << 8), 24);
    }

    Ip nextHop(int index) {
        return eachItsOwn ? Ip.v4((172 << 24 | 20 << 16) + index) : Network.GATEWAY;
    }

    /** How many of the bulk routes the watcher sees. */
    int sampled() {
        return count / SAMPLE;
    }

    String shape() {
        return eachItsOwn ? "own" : "shared";
    }
}

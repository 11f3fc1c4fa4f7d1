package io.fairlead.node.kernel.netlink;

/** The marks by which the agent knows its own routes and next hops; chosen once, since a later agent sweeps by them. */
public final class Ownership {
    /** The rtm_protocol and nh_protocol of everything the agent installs; free in iproute2's rt_protos. */
    public static final int PROTOCOL = 70;

    /** The metric of the agent's routes, so that a route of somebody else to the same prefix is another route. */
    public static final int METRIC = 70;

    /** First id of the agent's nexthop objects: "FL" in the upper two bytes. */
    public static final int FIRST_NEXT_HOP_ID = 0x464c0001;

    /** Last id of the agent's nexthop objects. */
    public static final int LAST_NEXT_HOP_ID = 0x464cffff;

    private Ownership() {}

    /** True when a nexthop object with this id may be the agent's. */
    public static boolean isNextHopId(int id) {
        return id >= FIRST_NEXT_HOP_ID && id <= LAST_NEXT_HOP_ID;
    }
}

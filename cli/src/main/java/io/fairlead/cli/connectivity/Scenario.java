package io.fairlead.cli.connectivity;

import io.fairlead.cli.connectivity.Driver.Try;
import io.fairlead.contract.Ip;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Who tries to reach whom; the names are those that cilium-cli gives them. */
enum Scenario {
    POD_TO_POD {
        @Override
        List<Flow> flows(Site site) {
            return cross(site.clients(), site.echoes(), Try.TCP, Site.ECHO_PORT);
        }
    },
    CLIENT_TO_CLIENT {
        @Override
        List<Flow> flows(Site site) {
            return cross(site.clients(), site.clients(), Try.ICMP, 0);
        }
    },
    POD_TO_HOST {
        @Override
        List<Flow> flows(Site site) {
            return cross(site.clients(), site.nodes(), Try.ICMP, 0);
        }
    },
    HOST_TO_POD {
        @Override
        List<Flow> flows(Site site) {
            List<Flow> flows = new ArrayList<>(cross(site.nodes(), site.clients(), Try.ICMP, 0));
            flows.addAll(cross(site.nodes(), site.echoes(), Try.TCP, Site.ECHO_PORT));
            return flows;
        }
    },
    POD_TO_WORLD {
        @Override
        List<Flow> flows(Site site) {
            List<Flow> flows = new ArrayList<>();
            for (int port : Site.WORLD_PORTS) {
                flows.addAll(cross(site.clients(), site.world().subList(0, 1), Try.TCP, port));
            }
            flows.addAll(cross(site.clients(), site.world().subList(0, 1), Try.ICMP, 0));
            return flows;
        }
    },
    POD_TO_CIDR {
        @Override
        List<Flow> flows(Site site) {
            return cross(site.clients(), site.world(), Try.TCP, Site.WORLD_PORTS.get(0));
        }
    },
    POD_TO_POD_NO_FRAG {
        @Override
        List<Flow> flows(Site site) {
            return cross(site.clients(), site.echoes(), Try.ICMP_FULL, 0);
        }
    };

    /** As it is printed: "pod-to-pod". */
    String text() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** What is tried, in order. */
    abstract List<Flow> flows(Site site);

    private static List<Flow> cross(List<Place> from, List<Place> to, Try what, int port) {
        List<Flow> flows = new ArrayList<>();
        for (Place source : from) {
            for (Place destination : to) {
                for (Ip.Family family : Ip.Family.values()) {
                    if (!source.equals(destination)
                            && source.ip(family).isPresent()
                            && destination.ip(family).isPresent()) {
                        flows.add(new Flow(
                                source, destination, destination.ip(family).get(), what, port));
                    }
                }
            }
        }
        return flows;
    }
}

package io.fairlead.cli.connectivity;

import static io.fairlead.cli.connectivity.Scenario.CLIENT_TO_CLIENT;
import static io.fairlead.cli.connectivity.Scenario.HOST_TO_POD;
import static io.fairlead.cli.connectivity.Scenario.POD_TO_CIDR;
import static io.fairlead.cli.connectivity.Scenario.POD_TO_HOST;
import static io.fairlead.cli.connectivity.Scenario.POD_TO_POD;
import static io.fairlead.cli.connectivity.Scenario.POD_TO_POD_NO_FRAG;
import static io.fairlead.cli.connectivity.Scenario.POD_TO_WORLD;
import static io.fairlead.cli.connectivity.TestCase.all;
import static io.fairlead.cli.connectivity.TestCase.none;
import static io.fairlead.cli.connectivity.TestCase.open;
import static io.fairlead.cli.connectivity.TestCase.under;
import static io.fairlead.cli.connectivity.TestCase.when;

import java.util.List;
import java.util.function.Predicate;

/** The tests, in the order they run. Names are cilium-cli's; policies/NAME.yaml has the policy of each. */
final class Catalogue {
    private static final Predicate<Flow> FROM_OTHER = flow -> flow.from().has("other", "client");
    private static final Predicate<Flow> FROM_OWN_HOST = Flow::sameNode;
    private static final Predicate<Flow> TO_SECOND = flow -> flow.to().name().equals("two");

    /** All of them. */
    static final List<TestCase> ALL = List.of(
            open("no-policies", POD_TO_POD, CLIENT_TO_CLIENT, POD_TO_HOST, HOST_TO_POD, POD_TO_WORLD, POD_TO_CIDR),
            open("pod-to-pod-no-frag", POD_TO_POD_NO_FRAG),
            under(
                    "allow-all-except-world",
                    all(POD_TO_POD),
                    all(CLIENT_TO_CLIENT),
                    all(POD_TO_HOST),
                    all(HOST_TO_POD),
                    none(POD_TO_WORLD)),
            under("client-ingress", when(CLIENT_TO_CLIENT, FROM_OTHER)),
            under("client-ingress-knp", when(CLIENT_TO_CLIENT, FROM_OTHER)),
            under("client-ingress-icmp", when(CLIENT_TO_CLIENT, FROM_OTHER)),
            under("client-ingress-from-other-client-icmp-deny", when(CLIENT_TO_CLIENT, FROM_OTHER.negate())),
            under("all-ingress-deny", none(POD_TO_POD), none(CLIENT_TO_CLIENT), when(HOST_TO_POD, FROM_OWN_HOST)),
            under("all-ingress-deny-knp", none(POD_TO_POD), none(CLIENT_TO_CLIENT), when(HOST_TO_POD, FROM_OWN_HOST)),
            under("all-egress-deny", none(POD_TO_POD), none(POD_TO_WORLD)),
            under("all-egress-deny-knp", none(POD_TO_POD), none(POD_TO_WORLD)),
            under("all-entities-deny", none(POD_TO_POD), none(POD_TO_CIDR)),
            under("cluster-entity", all(POD_TO_POD), all(POD_TO_HOST), none(POD_TO_WORLD)),
            under("host-entity-egress", all(POD_TO_HOST), none(POD_TO_POD)),
            under("host-entity-ingress", all(HOST_TO_POD), none(CLIENT_TO_CLIENT)),
            under("echo-ingress", when(POD_TO_POD, FROM_OTHER)),
            under("echo-ingress-knp", when(POD_TO_POD, FROM_OTHER)),
            under("echo-ingress-from-other-client-deny", when(POD_TO_POD, FROM_OTHER.negate())),
            under("client-egress", all(POD_TO_POD), none(CLIENT_TO_CLIENT)),
            under("client-egress-knp", all(POD_TO_POD), none(CLIENT_TO_CLIENT)),
            under("client-egress-expression", all(POD_TO_POD), none(CLIENT_TO_CLIENT)),
            under("client-egress-to-echo", all(POD_TO_POD), when(CLIENT_TO_CLIENT, FROM_OTHER.negate())),
            under("client-egress-to-echo-deny", when(POD_TO_POD, FROM_OTHER.negate()), all(CLIENT_TO_CLIENT)),
            under("client-egress-to-cidr-deny", when(POD_TO_CIDR, TO_SECOND), all(POD_TO_POD)),
            under("client-egress-to-cidr-deny-default", none(POD_TO_CIDR), none(POD_TO_POD)),
            under("to-entities-world", when(POD_TO_WORLD, flow -> flow.port() == 80), none(POD_TO_POD)),
            under(
                    "to-entities-world-port-range",
                    when(POD_TO_WORLD, flow -> flow.port() == 80 || flow.port() == 443),
                    none(POD_TO_POD)),
            under("to-cidr-external", when(POD_TO_CIDR, TO_SECOND.negate())),
            under("to-cidr-external-knp", when(POD_TO_CIDR, TO_SECOND.negate())),
            // prefixes speak of the world only: the addresses of nodes are host and remote-node
            under("pod-to-node-cidrpolicy", none(POD_TO_HOST)));

    private Catalogue() {}
}

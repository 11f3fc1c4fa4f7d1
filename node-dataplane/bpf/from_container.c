// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// tcx ingress of the host's end of a pod's devices: everything a pod sends. Nothing is passed to the stack
// here: what this program does not carry, nobody does.
#include "lib/arp.h"
#include "lib/forward.h"
#include "lib/nd.h"

static __always_inline bool is_own_source(const struct interface *iface, const struct ip_key *src)
{
	if (src->family == FAMILY_IPV4)
		return (iface->flags & INTERFACE_IPV4) && src->addr[0] == iface->ipv4;
	return (iface->flags & INTERFACE_IPV6) && same_ipv6(src->addr, iface->ipv6);
}

SEC("tc")
int from_container(struct __sk_buff *skb)
{
	__u32 ifindex = skb->ifindex;
	struct interface *iface = bpf_map_lookup_elem(&interfaces, &ifindex);
	struct endpoint *endpoint;
	struct flow flow;

	if (!iface)
		return drop(skb, DROP_ENDPOINT_NOT_READY, DIRECTION_EGRESS);
	if (!is_ip(skb)) {
		if (skb->protocol == bpf_htons(ETH_P_ARP) && !skb->vlan_present)
			return answer_arp(skb, iface);
		return drop(skb, DROP_UNSUPPORTED_L2, DIRECTION_EGRESS);
	}
	if (!parse(skb, &flow))
		return drop(skb, DROP_INVALID_PACKET, DIRECTION_EGRESS);
	if (flow.src.family == FAMILY_IPV6 && flow.protocol == IPPROTO_ICMPV6) {
		__u8 *type = header(skb, ETH_HLEN + sizeof(struct ipv6hdr) + 1);

		if (!type)
			return drop(skb, DROP_INVALID_PACKET, DIRECTION_EGRESS);
		if (is_neighbour_discovery(type[ETH_HLEN + sizeof(struct ipv6hdr)]))
			return answer_nd(skb, iface, &flow);
	}
	if (!is_own_source(iface, &flow.src)) {
		// Every IPv6 host reports its groups by link-local address; that is no forgery.
		if (is_group(&flow.dst) && (is_link_local(&flow.src) || is_unspecified(&flow.src)) &&
		    flow.src.family == FAMILY_IPV6)
			return drop(skb, DROP_UNKNOWN_TARGET, DIRECTION_EGRESS);
		return drop(skb, DROP_INVALID_SOURCE_IP, DIRECTION_EGRESS);
	}
	flow.src_identity = iface->identity;
	if (flow.src_identity == IDENTITY_UNKNOWN)
		return drop(skb, DROP_INVALID_IDENTITY, DIRECTION_EGRESS);
	if (is_group(&flow.dst))
		return drop(skb, DROP_UNKNOWN_TARGET, DIRECTION_EGRESS);

	endpoint = bpf_map_lookup_elem(&endpoints, &flow.dst);
	flow.dst_identity = endpoint ? endpoint->identity : identity_of(&flow.dst);
	// Egress verdict: both identities are known, nothing is changed yet.
	if (!endpoint)
		return forward_to_network(skb, &flow, DIRECTION_EGRESS);
	if (endpoint->flags & ENDPOINT_HOST)
		return forward_to_stack(skb, DIRECTION_EGRESS);
	if (flow.dst_identity == IDENTITY_UNKNOWN)
		return drop(skb, DROP_INVALID_IDENTITY, DIRECTION_EGRESS);
	// Ingress verdict of the other pod, which this way does not pass to_container.
	return forward_to_pod(skb, &flow, endpoint, DIRECTION_EGRESS);
}

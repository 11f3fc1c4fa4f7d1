// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// tcx ingress of the host's end of a pod's devices: everything a pod sends. Nothing is passed to the stack by
// itself here: what this program does not carry, nobody does.
#include "lib/arp.h"
#include "lib/forward.h"
#include "lib/nd.h"

static __always_inline bool is_own_source(const struct interface *iface, const struct ip_key *src)
{
	if (src->family == FAMILY_IPV4)
		return (iface->flags & INTERFACE_IPV4) && src->addr[0] == iface->ipv4;
	return (iface->flags & INTERFACE_IPV6) && same_ipv6(src->addr, iface->ipv6);
}

// What a pod may not send whatever its policy. 0, or why the packet ends.
static __always_inline int check_sender(const struct interface *iface, const struct flow *flow)
{
	if (!is_own_source(iface, &flow->src)) {
		// Every IPv6 host reports its groups by link-local address; that is no forgery.
		if (is_group(&flow->dst) && (is_link_local(&flow->src) || is_unspecified(&flow->src)) &&
		    flow->src.family == FAMILY_IPV6)
			return DROP_UNKNOWN_TARGET;
		return DROP_INVALID_SOURCE_IP;
	}
	if (flow->src_identity == IDENTITY_UNKNOWN)
		return DROP_INVALID_IDENTITY;
	return is_group(&flow->dst) ? DROP_UNKNOWN_TARGET : 0;
}

// The way of a packet that may leave its pod.
static __always_inline int carry(struct __sk_buff *skb, struct flow *flow, const struct interface *iface,
				 const struct endpoint *endpoint)
{
	struct connection connection;
	struct judged judged = {};
	bool local = endpoint && !(endpoint->flags & ENDPOINT_HOST);
	int reason;

	trace_from(skb, flow, TRACE_FROM_ENDPOINT, iface->id);
	find_connection(skb, flow, &connection, true);
	flow->dst_identity =
		endpoint ? endpoint->identity : peer_identity(flow, &connection, &flow->dst, false);
	explain_identities(flow);
	debug_lookup(skb, flow, &connection, DIRECTION_EGRESS, iface->id);
	debug_mapped(skb, flow, &flow->dst, flow->dst_identity);
	reason = judge(skb, flow, read_policy(&iface->policy), DIRECTION_EGRESS, iface->id, &connection,
		       &judged);
	if (reason)
		return drop(skb, flow, reason, DIRECTION_EGRESS);
	if (local && !legacy_host_routing) {
		if (endpoint->identity == IDENTITY_UNKNOWN)
			return drop(skb, flow, DROP_INVALID_IDENTITY, DIRECTION_EGRESS);
		debug(skb, flow, iface->id, DEBUG_LOCAL_DELIVERY, endpoint->id, flow->src_identity, 0);
		debug_lookup(skb, flow, &connection, DIRECTION_INGRESS, endpoint->id);
		reason = judge(skb, flow, read_policy(&endpoint->policy), DIRECTION_INGRESS, endpoint->id,
			       &connection, &judged);
		if (reason)
			return drop(skb, flow, reason, DIRECTION_INGRESS);
	}
	reason = remember(skb, flow, &connection, &judged);
	if (reason)
		return drop(skb, flow, reason, DIRECTION_EGRESS);
	if (legacy_host_routing || (endpoint && !local))
		return forward_to_stack(skb, flow, &connection,
					endpoint && !local ? TRACE_TO_HOST : TRACE_TO_STACK,
					DIRECTION_EGRESS);
	if (local)
		return forward_to_pod(skb, flow, endpoint, &connection, DIRECTION_EGRESS);
	return forward_to_network(skb, flow, state_of(&connection, DIRECTION_EGRESS),
				  wants(flow, EVENT_TRACE) && is_news(flow, &connection, false));
}

SEC("tc")
int from_container(struct __sk_buff *skb)
{
	__u32 ifindex = skb->ifindex;
	struct interface *iface = bpf_map_lookup_elem(&interfaces, &ifindex);
	struct endpoint *endpoint;
	struct flow flow;
	int reason;

	begin(skb, &flow, iface ? iface->id : 0);
	if (!iface)
		return drop(skb, &flow, DROP_ENDPOINT_NOT_READY, DIRECTION_EGRESS);
	flow.src_identity = iface->identity;
	if (!is_ip(skb)) {
		if (skb->protocol == bpf_htons(ETH_P_ARP) && !skb->vlan_present)
			return answer_arp(skb, iface, &flow);
		return drop(skb, &flow, DROP_UNSUPPORTED_L2, DIRECTION_EGRESS);
	}
	if (!parse(skb, &flow))
		return drop(skb, &flow, DROP_INVALID_PACKET, DIRECTION_EGRESS);
	if (flow.src.family == FAMILY_IPV6 && flow.protocol == IPPROTO_ICMPV6) {
		__u8 *type = header(skb, ETH_HLEN + sizeof(struct ipv6hdr) + 1);

		if (!type)
			return drop(skb, &flow, DROP_INVALID_PACKET, DIRECTION_EGRESS);
		if (is_neighbour_discovery(type[ETH_HLEN + sizeof(struct ipv6hdr)]))
			return answer_nd(skb, iface, &flow);
	}
	reason = check_sender(iface, &flow);
	if (!reason)
		reason = parse_l4(skb, &flow);
	if (reason)
		return drop(skb, &flow, reason, DIRECTION_EGRESS);
	// Neighbour discovery behind extension headers, which RFC 6980 forbids.
	if (flow.protocol == IPPROTO_ICMPV6 && is_neighbour_discovery(flow.icmp_type))
		return drop(skb, &flow, DROP_FORBIDDEN_ICMPV6, DIRECTION_EGRESS);
	endpoint = bpf_map_lookup_elem(&endpoints, &flow.dst);
	flow.dst_endpoint = endpoint ? endpoint->id : 0;
	return carry(skb, &flow, iface, endpoint);
}

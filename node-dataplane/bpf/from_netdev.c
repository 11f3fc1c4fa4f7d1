// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// tcx ingress of a device of the network: packets for the node's pods go straight to them, also those that
// answer what has left as the node's; all others are the stack's and stay untouched.
#include "lib/forward.h"
#include "lib/nat.h"

// Whether a packet that is for no pod may be for the address that pods leave by.
static __always_inline bool is_for_node(struct __sk_buff *skb, const struct flow *flow,
					const struct endpoint *endpoint)
{
	__u32 ifindex = skb->ifindex;
	struct masquerade_address *as;

	if (endpoint)
		return endpoint->flags & ENDPOINT_HOST;
	as = bpf_map_lookup_elem(&masquerade, &ifindex);
	if (!as)
		return false;
	return flow->dst.family == FAMILY_IPV4
		       ? (as->flags & MASQUERADE_IPV4) && flow->dst.addr[0] == as->ipv4
		       : (as->flags & MASQUERADE_IPV6) && same_ipv6(flow->dst.addr, as->ipv6);
}

// Who sends what is not for a pod is of no matter to anybody but those who watch.
static __always_inline int to_stack(struct __sk_buff *skb, struct flow *flow)
{
	if (bpf_map_lookup_elem(&endpoints, &flow->src))
		return drop(skb, flow, DROP_INVALID_SOURCE_IP, DIRECTION_INGRESS);
	if (debug_datapath && wants(flow, EVENT_DEBUG))
		debug_mapped(skb, flow, &flow->src, identity_of(&flow->src));
	explain_forward(flow, TRACE_TO_STACK);
	return NEXT;
}

// A source from outside that is one of the node's own is forged. A connection that has judged only the
// receiver is with somebody else, or with the node itself.
static __always_inline bool is_of_this_node(const struct flow *flow, const struct connection *connection)
{
	const struct ct_entry *entry = connection->entry;

	if (entry && connection->state != CT_RELATED && !has_half(connection, DIRECTION_EGRESS) &&
	    (connection->side ? entry->dst_identity : entry->src_identity) != IDENTITY_HOST)
		return false;
	return bpf_map_lookup_elem(&endpoints, &flow->src);
}

SEC("tc")
int from_netdev(struct __sk_buff *skb)
{
	struct connection connection;
	struct endpoint *endpoint;
	struct flow flow;
	int reason = NOT_TRANSLATED;

	begin(skb, &flow, host_endpoint_id);
	// A tag that names a priority only (VLAN 0) is none to the stack.
	if (skb->vlan_present && !(skb->vlan_tci & VLAN_ID) && bpf_skb_vlan_pop(skb))
		return drop(skb, &flow, DROP_UNSUPPORTED_L2, DIRECTION_INGRESS);
	// Frames for others are seen when the device is promiscuous; the stack drops those, and what is
	// malformed.
	if (!is_ip(skb) || skb->pkt_type == PACKET_OTHERHOST || !parse(skb, &flow))
		return NEXT;
	// The stack takes frames for all when the packet is for the node, and forwards none.
	if (skb->pkt_type != PACKET_HOST)
		return to_stack(skb, &flow);
	endpoint = bpf_map_lookup_elem(&endpoints, &flow.dst);
	if (masquerades(flow.dst.family) && is_for_node(skb, &flow, endpoint)) {
		reason = reverse_nat(skb, &flow);
		if (reason == TRANSLATED)
			endpoint = bpf_map_lookup_elem(&endpoints, &flow.dst);
		else if (reason != NOT_TRANSLATED)
			return drop(skb, &flow, reason, DIRECTION_INGRESS);
	}
	if (!endpoint || endpoint->flags & ENDPOINT_HOST || legacy_host_routing)
		return to_stack(skb, &flow);
	flow.dst_identity = endpoint->identity;
	flow.dst_endpoint = endpoint->id;
	if (flow.dst_identity == IDENTITY_UNKNOWN)
		return drop(skb, &flow, DROP_INVALID_IDENTITY, DIRECTION_INGRESS);
	if (reason == NOT_TRANSLATED) {
		reason = parse_l4(skb, &flow);
		if (reason)
			return drop(skb, &flow, reason, DIRECTION_INGRESS);
	}
	// The world would not know what the error is about.
	if (reason == TRANSLATED && flow.ttl <= 1)
		return drop(skb, &flow, DROP_TTL_EXCEEDED, DIRECTION_INGRESS);
	find_connection(skb, &flow, &connection, false);
	if (is_of_this_node(&flow, &connection))
		return drop(skb, &flow, DROP_INVALID_SOURCE_IP, DIRECTION_INGRESS);
	flow.src_identity = peer_identity(&flow, &connection, &flow.src, true);
	trace_from(skb, &flow, TRACE_FROM_NETWORK, host_endpoint_id);
	debug_mapped(skb, &flow, &flow.src, flow.src_identity);
	debug(skb, &flow, host_endpoint_id, DEBUG_LOCAL_DELIVERY, endpoint->id, flow.src_identity, 0);
	reason = admit(skb, &flow, endpoint->id, read_policy(&endpoint->policy), &connection, true);
	if (reason)
		return drop(skb, &flow, reason, DIRECTION_INGRESS);
	return forward_to_pod(skb, &flow, endpoint, &connection, DIRECTION_INGRESS);
}

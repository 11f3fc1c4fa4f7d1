// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// tcx egress of a device of the network, when pods are masqueraded: what the stack forwards for pods leaves
// from the node's address, and the node's own connections keep their ports from pods. Packets of
// from_container are done and pass. What is malformed is the stack's own and passes as it is.
#include "lib/forward.h"
#include "lib/nat.h"

// What the stack forwards for a pod.
static __always_inline int leave(struct __sk_buff *skb, struct flow *flow, const struct endpoint *sender)
{
	struct connection connection;
	enum ct_state state;
	int reason;

	flow->source = sender->id;
	flow->src_identity = sender->identity;
	reason = parse_l4(skb, flow);
	if (reason)
		return drop(skb, flow, reason, DIRECTION_EGRESS);
	find_connection(skb, flow, &connection, true);
	flow->dst_identity = peer_identity(flow, &connection, &flow->dst, false);
	state = state_of(&connection, DIRECTION_EGRESS);
	if (!may_masquerade(flow, state))
		return NEXT;
	reason = masquerade_source(skb, flow, state, skb->ifindex);
	return reason ? drop(skb, flow, reason, DIRECTION_EGRESS) : NEXT;
}

static __always_inline bool is_node(const struct flow *flow, const struct masquerade_address *as)
{
	return flow->src.family == FAMILY_IPV4 ? flow->src.addr[0] == as->ipv4
					       : same_ipv6(flow->src.addr, as->ipv6);
}

SEC("tc")
int to_netdev(struct __sk_buff *skb)
{
	__u32 ifindex = skb->ifindex;
	struct masquerade_address *as;
	struct endpoint *sender;
	struct flow flow;
	int reason;

	if ((skb->mark & MARK_MASK) == MARK_TRANSLATED) {
		skb->mark &= ~MARK_MASK;
		return NEXT;
	}
	if (!is_ip(skb))
		return NEXT;
	as = bpf_map_lookup_elem(&masquerade, &ifindex);
	if (!as)
		return NEXT;
	begin(skb, &flow, host_endpoint_id);
	if (!parse(skb, &flow) || !masquerades(flow.src.family))
		return NEXT;
	if (!is_node(&flow, as)) {
		sender = bpf_map_lookup_elem(&endpoints, &flow.src);
		if (!sender)
			return NEXT;
		if (!(sender->flags & ENDPOINT_HOST))
			return leave(skb, &flow, sender);
	}
	if (parse_l4(skb, &flow) || !is_translatable(&flow) || !is_nat_port(flow.sport))
		return NEXT;
	reason = keep_host_port(skb, &flow);
	return reason ? drop(skb, &flow, reason, DIRECTION_EGRESS) : NEXT;
}

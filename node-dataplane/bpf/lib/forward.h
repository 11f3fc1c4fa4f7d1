// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// The three ways on: to a pod of this node, to the node's stack, to the network.
#pragma once

#include "config.h"
#include "icmp.h"
#include "identity.h"
#include "judge.h"
#include "metrics.h"
#include "nat.h"

// Whether a packet may enter a pod, whose id and policy these are; connection is the packet's. counts: no
// hook of the sender has counted it. 0, or why the packet ends.
static __always_inline int admit(struct __sk_buff *skb, const struct flow *flow, __u32 id,
				 whole_policy policy, struct connection *connection, bool counts)
{
	struct judged judged = {};
	int reason;

	explain_identities(flow);
	debug_lookup(skb, flow, connection, DIRECTION_INGRESS, id);
	reason = judge(skb, flow, policy, DIRECTION_INGRESS, id, connection, &judged);
	if (reason || (connection->entry && !counts))
		return reason;
	return remember(skb, flow, connection, &judged);
}

// Into the pod, without a detour through the host's end of its devices.
static __always_inline int forward_to_pod(struct __sk_buff *skb, const struct flow *flow,
					  const struct endpoint *endpoint,
					  const struct connection *connection, enum direction direction)
{
	__u32 ifindex = endpoint->ifindex;

	if (flow->ttl <= 1)
		return drop_and_tell(skb, flow, TIME_EXCEEDED, DROP_TTL_EXCEEDED, direction);
	if (!set_macs(skb, endpoint->mac, endpoint->node_mac) || !decrement_ttl(skb, flow->dst.family))
		return drop(skb, flow, DROP_INVALID_PACKET, direction);
	count_forwarded(skb, flow, direction);
	trace_to(skb, flow, TRACE_TO_ENDPOINT, connection, DIRECTION_INGRESS, endpoint->id, endpoint->id,
		 ifindex);
	return bpf_redirect_peer(ifindex, 0);
}

// The stack sees the packet arrive on fl_host, where the routes back to pods are: its reverse path check
// holds.
static __always_inline int forward_to_stack(struct __sk_buff *skb, const struct flow *flow,
					    const struct connection *connection, enum trace_point point,
					    enum direction direction)
{
	__u8 mac[ETH_ALEN];

	copy_fl_host_mac(mac);
	if (!set_macs(skb, mac, NULL))
		return drop(skb, flow, DROP_INVALID_PACKET, direction);
	count_forwarded(skb, flow, direction);
	trace_to(skb, flow, point, connection, DIRECTION_EGRESS, flow->source, 0, fl_host_ifindex);
	return bpf_redirect(fl_host_ifindex, BPF_F_INGRESS);
}

// Where the node's own routes and rules say. The neighbour is resolved by the kernel, which keeps it fresh.
// state is what the packet is to its connection; tells whether listeners are told.
CHECKED_ONCE int forward_to_network(struct __sk_buff *skb, struct flow *flow, __u32 state, __u32 tells)
{
	enum direction direction = DIRECTION_EGRESS;
	// The stack has no room for it; what follows the lookup makes other use of the place.
	struct bpf_fib_lookup *fib = scratch_room();
	struct bpf_redir_neigh next_hop = {};
	enum ip_family family;
	__u32 ifindex;
	int result;
	int reason;

	_Static_assert(sizeof(*fib) <= sizeof(struct scratch), "a route lookup fits");
	if (!flow || !fib)
		return TC_ACT_SHOT;
	*fib = (struct bpf_fib_lookup){};
	family = flow->dst.family;
	fib->family = family == FAMILY_IPV4 ? AF_INET : AF_INET6;
	fib->l4_protocol = flow->protocol;
	// A length is checked against the route's MTU; 0 leaves segments that a device will cut.
	fib->tot_len = skb->gso_size ? 0 : skb->len - ETH_HLEN;
	fib->ifindex = fl_host_ifindex;
	// Rules and the choice among several next hops may go by ports.
	if (flow->protocol != IPPROTO_ICMP && flow->protocol != IPPROTO_ICMPV6) {
		fib->sport = flow->sport;
		fib->dport = flow->dport;
	}
	if (family == FAMILY_IPV4) {
		fib->tos = flow->tos;
		fib->ipv4_src = flow->src.addr[0];
		fib->ipv4_dst = flow->dst.addr[0];
	} else {
		fib->flowinfo = flow->flowinfo;
		__builtin_memcpy(fib->ipv6_src, flow->src.addr, 16);
		__builtin_memcpy(fib->ipv6_dst, flow->dst.addr, 16);
	}
	result = bpf_fib_lookup(skb, fib, sizeof(*fib), BPF_FIB_LOOKUP_SKIP_NEIGH);
	// An IPv4 route may have an IPv6 gateway; the lookup says so in family.
	next_hop.nh_family = fib->family;
	__builtin_memcpy(next_hop.ipv6_nh, fib->ipv6_dst, 16);
	ifindex = fib->ifindex;
	explain_route(flow, result, ifindex, next_hop.nh_family, next_hop.ipv6_nh);
	switch (result) {
	case BPF_FIB_LKUP_RET_SUCCESS:
		break;
	case BPF_FIB_LKUP_RET_FRAG_NEEDED:
		return drop_and_tell(skb, flow, fragmentation_needed(fib->mtu_result),
				     DROP_FRAGMENTATION_NEEDED, direction);
	case BPF_FIB_LKUP_RET_UNREACHABLE:
	case BPF_FIB_LKUP_RET_PROHIBIT:
	case BPF_FIB_LKUP_RET_NOT_FWDED:
		return drop_and_tell(skb, flow, NET_UNREACHABLE, DROP_FIB_LOOKUP_FAILED, direction);
	default:
		return drop(skb, flow, DROP_FIB_LOOKUP_FAILED, direction);
	}
	// The route of this node's own pods: nobody has the address. Passing it on would only loop.
	if (ifindex == fl_host_ifindex)
		return drop_and_tell(skb, flow, HOST_UNREACHABLE, DROP_UNROUTABLE_IP, direction);
	if (flow->ttl <= 1)
		return drop_and_tell(skb, flow, TIME_EXCEEDED, DROP_TTL_EXCEEDED, direction);
	if (!decrement_ttl(skb, family))
		return drop(skb, flow, DROP_INVALID_PACKET, direction);
	if (may_masquerade(flow, state)) {
		reason = masquerade_source(skb, flow, state, ifindex);
		if (reason)
			return drop(skb, flow, reason, direction);
	}
	count_forwarded(skb, flow, direction);
	explain_forward(flow, TRACE_TO_NETWORK);
	if (tells)
		trace(skb, flow, TRACE_TO_NETWORK, state, flow->source, 0, ifindex);
	if (masquerade_ipv4 || masquerade_ipv6)
		skb->mark = MARK_TRANSLATED;
	return bpf_redirect_neigh(ifindex, &next_hop, sizeof(next_hop), 0);
}

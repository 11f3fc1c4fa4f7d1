// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// The three ways on: to a pod of this node, to the node's stack, to the network.
#pragma once

#include "config.h"
#include "icmp.h"
#include "identity.h"
#include "metrics.h"

// Into the pod, without a detour through the host's end of its devices.
static __always_inline int forward_to_pod(struct __sk_buff *skb, const struct flow *flow,
					  const struct endpoint *endpoint, enum direction direction)
{
	__u32 ifindex = endpoint->ifindex;

	if (flow->ttl <= 1)
		return drop_and_tell(skb, flow->dst.family, TIME_EXCEEDED, DROP_TTL_EXCEEDED, direction);
	if (!set_macs(skb, endpoint->mac, endpoint->node_mac) || !decrement_ttl(skb, flow->dst.family))
		return drop(skb, DROP_INVALID_PACKET, direction);
	count(skb, FORWARDED, direction);
	return bpf_redirect_peer(ifindex, 0);
}

// The stack sees the packet arrive on fl_host, where the routes back to pods are: its reverse path check
// holds.
static __always_inline int forward_to_stack(struct __sk_buff *skb, enum direction direction)
{
	__u8 mac[ETH_ALEN];

	copy_fl_host_mac(mac);
	if (!set_macs(skb, mac, NULL))
		return drop(skb, DROP_INVALID_PACKET, direction);
	count(skb, FORWARDED, direction);
	return bpf_redirect(fl_host_ifindex, BPF_F_INGRESS);
}

// Where the node's own routes and rules say. The neighbour is resolved by the kernel, which keeps it fresh.
static __always_inline int forward_to_network(struct __sk_buff *skb, const struct flow *flow,
					      enum direction direction)
{
	enum ip_family family = flow->dst.family;
	struct bpf_fib_lookup fib = {
		.family = family == FAMILY_IPV4 ? AF_INET : AF_INET6,
		.l4_protocol = flow->protocol,
		// A length is checked against the route's MTU; 0 leaves segments that a device will cut.
		.tot_len = skb->gso_size ? 0 : skb->len - ETH_HLEN,
		.ifindex = fl_host_ifindex,
	};
	struct bpf_redir_neigh next_hop = {};
	int result;

	if (family == FAMILY_IPV4) {
		fib.tos = flow->tos;
		fib.ipv4_src = flow->src.addr[0];
		fib.ipv4_dst = flow->dst.addr[0];
	} else {
		fib.flowinfo = flow->flowinfo;
		__builtin_memcpy(fib.ipv6_src, flow->src.addr, 16);
		__builtin_memcpy(fib.ipv6_dst, flow->dst.addr, 16);
	}
	result = bpf_fib_lookup(skb, &fib, sizeof(fib), BPF_FIB_LOOKUP_SKIP_NEIGH);
	switch (result) {
	case BPF_FIB_LKUP_RET_SUCCESS:
		break;
	case BPF_FIB_LKUP_RET_FRAG_NEEDED:
		return drop_and_tell(skb, family, fragmentation_needed(fib.mtu_result),
				     DROP_FRAGMENTATION_NEEDED, direction);
	case BPF_FIB_LKUP_RET_UNREACHABLE:
	case BPF_FIB_LKUP_RET_PROHIBIT:
	case BPF_FIB_LKUP_RET_NOT_FWDED:
		return drop_and_tell(skb, family, NET_UNREACHABLE, DROP_FIB_LOOKUP_FAILED, direction);
	default:
		return drop(skb, DROP_FIB_LOOKUP_FAILED, direction);
	}
	// The route of this node's own pods: nobody has the address. Passing it on would only loop.
	if (fib.ifindex == fl_host_ifindex)
		return drop_and_tell(skb, family, HOST_UNREACHABLE, DROP_UNROUTABLE_IP, direction);
	if (flow->ttl <= 1)
		return drop_and_tell(skb, family, TIME_EXCEEDED, DROP_TTL_EXCEEDED, direction);
	if (!decrement_ttl(skb, family))
		return drop(skb, DROP_INVALID_PACKET, direction);
	// An IPv4 route may have an IPv6 gateway; the lookup says so in family.
	next_hop.nh_family = fib.family;
	__builtin_memcpy(next_hop.ipv6_nh, fib.ipv6_dst, 16);
	count(skb, FORWARDED, direction);
	return bpf_redirect_neigh(fib.ifindex, &next_hop, sizeof(next_hop), 0);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// tcx ingress of a device of the network: packets for the node's pods go straight to them, all others are the
// stack's and stay untouched.
#include "lib/forward.h"

SEC("tc")
int from_netdev(struct __sk_buff *skb)
{
	struct endpoint *endpoint;
	struct flow flow;

	// Frames for others are seen when the device is promiscuous; the stack drops those, and what is
	// malformed.
	if (!is_ip(skb) || skb->pkt_type != PACKET_HOST || !parse(skb, &flow))
		return NEXT;
	if (bpf_map_lookup_elem(&endpoints, &flow.src))
		return drop(skb, DROP_INVALID_SOURCE_IP, DIRECTION_INGRESS);
	endpoint = bpf_map_lookup_elem(&endpoints, &flow.dst);
	if (!endpoint || endpoint->flags & ENDPOINT_HOST)
		return NEXT;
	flow.dst_identity = endpoint->identity;
	if (flow.dst_identity == IDENTITY_UNKNOWN)
		return drop(skb, DROP_INVALID_IDENTITY, DIRECTION_INGRESS);
	flow.src_identity = identity_of(&flow.src);
	// Ingress verdict: both identities are known, nothing is changed yet.
	return forward_to_pod(skb, &flow, endpoint, DIRECTION_INGRESS);
}

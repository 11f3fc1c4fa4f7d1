// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// tcx egress of fl_host: what the node's stack sends to the node's pods, its own packets and forwarded ones.
// The stack has taken the hop off already.
#include "lib/forward.h"

// The route of this node's own pods: nobody has the address. The stack hears of it, and passes it on when the
// sender is elsewhere.
static __always_inline int refuse(struct __sk_buff *skb, const struct flow *flow)
{
	int verdict = drop_and_tell(skb, flow, HOST_UNREACHABLE, DROP_UNROUTABLE_IP, DIRECTION_INGRESS);

	return verdict == TC_ACT_SHOT ? verdict : bpf_redirect(fl_host_ifindex, BPF_F_INGRESS);
}

SEC("tc")
int from_host(struct __sk_buff *skb)
{
	struct connection connection;
	struct endpoint *sender;
	struct endpoint *endpoint;
	struct flow flow;
	__u32 ifindex;
	int reason;

	begin(skb, &flow, host_endpoint_id);
	if (!is_ip(skb))
		return drop(skb, &flow, DROP_UNSUPPORTED_L2, DIRECTION_INGRESS);
	if (!parse(skb, &flow))
		return drop(skb, &flow, DROP_INVALID_PACKET, DIRECTION_INGRESS);
	if (is_group(&flow.dst))
		return drop(skb, &flow, DROP_UNKNOWN_TARGET, DIRECTION_INGRESS);
	endpoint = bpf_map_lookup_elem(&endpoints, &flow.dst);
	if (!endpoint)
		return refuse(skb, &flow);
	if (endpoint->flags & ENDPOINT_HOST)
		return drop(skb, &flow, DROP_UNROUTABLE_IP, DIRECTION_INGRESS);
	flow.dst_identity = endpoint->identity;
	flow.dst_endpoint = endpoint->id;
	if (flow.dst_identity == IDENTITY_UNKNOWN)
		return drop(skb, &flow, DROP_INVALID_IDENTITY, DIRECTION_INGRESS);
	sender = bpf_map_lookup_elem(&endpoints, &flow.src);
	// Pods' packets come from the stack only after it got them from fl_host, or from the node itself.
	if (sender && !(sender->flags & ENDPOINT_HOST) && skb->ingress_ifindex &&
	    skb->ingress_ifindex != fl_host_ifindex)
		return drop(skb, &flow, DROP_INVALID_SOURCE_IP, DIRECTION_INGRESS);
	flow.src_identity = sender ? sender->identity : identity_of(&flow.src);
	reason = parse_l4(skb, &flow);
	if (reason)
		return drop(skb, &flow, reason, DIRECTION_INGRESS);
	trace_from(skb, &flow, TRACE_FROM_HOST, host_endpoint_id);
	find_connection(skb, &flow, &connection, false);
	reason = admit(skb, &flow, endpoint->id, read_policy(&endpoint->policy), &connection,
		       !sender || sender->flags & ENDPOINT_HOST);
	if (reason)
		return drop(skb, &flow, reason, DIRECTION_INGRESS);
	ifindex = endpoint->ifindex;
	if (!set_macs(skb, endpoint->mac, endpoint->node_mac))
		return drop(skb, &flow, DROP_INVALID_PACKET, DIRECTION_INGRESS);
	count_forwarded(skb, &flow, DIRECTION_INGRESS);
	trace_to(skb, &flow, TRACE_TO_ENDPOINT, &connection, DIRECTION_INGRESS, endpoint->id, endpoint->id,
		 ifindex);
	skb->mark = MARK_HOST;
	return bpf_redirect(ifindex, 0);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// tcx egress of fl_host: what the node's stack sends to the node's pods, its own packets and forwarded ones.
// The stack has taken the hop off already.
#include "lib/forward.h"

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
	if (!endpoint || endpoint->flags & ENDPOINT_HOST)
		return drop(skb, &flow, DROP_UNROUTABLE_IP, DIRECTION_INGRESS);
	flow.dst_identity = endpoint->identity;
	flow.dst_endpoint = endpoint->id;
	if (flow.dst_identity == IDENTITY_UNKNOWN)
		return drop(skb, &flow, DROP_INVALID_IDENTITY, DIRECTION_INGRESS);
	sender = bpf_map_lookup_elem(&endpoints, &flow.src);
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

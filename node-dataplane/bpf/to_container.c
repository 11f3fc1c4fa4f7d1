// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// tcx egress of the host's end of a pod's devices: lets pass what another hook has judged, and judges what
// the stack sends here by itself. No route of the agent's leads here, so where this program is missing
// nothing opens.
#include "lib/forward.h"

SEC("tc")
int to_container(struct __sk_buff *skb)
{
	__u32 ifindex = skb->ifindex;
	struct interface *iface;
	struct connection connection;
	struct flow flow;
	int reason;
	bool own;

	if ((skb->mark & MARK_MASK) == MARK_HOST) {
		skb->mark = 0;
		return NEXT;
	}
	iface = bpf_map_lookup_elem(&interfaces, &ifindex);
	begin(skb, &flow, iface ? iface->id : 0);
	if (!iface)
		return drop(skb, &flow, DROP_ENDPOINT_NOT_READY, DIRECTION_INGRESS);
	if (!is_ip(skb))
		return drop(skb, &flow, DROP_UNSUPPORTED_L2, DIRECTION_INGRESS);
	if (!parse(skb, &flow))
		return drop(skb, &flow, DROP_INVALID_PACKET, DIRECTION_INGRESS);
	if (flow.dst.family == FAMILY_IPV4)
		own = (iface->flags & INTERFACE_IPV4) && flow.dst.addr[0] == iface->ipv4;
	else
		own = (iface->flags & INTERFACE_IPV6) && same_ipv6(flow.dst.addr, iface->ipv6);
	if (!own)
		return drop(skb, &flow, DROP_UNROUTABLE_IP, DIRECTION_INGRESS);
	flow.dst_identity = iface->identity;
	flow.dst_endpoint = iface->id;
	if (flow.dst_identity == IDENTITY_UNKNOWN)
		return drop(skb, &flow, DROP_INVALID_IDENTITY, DIRECTION_INGRESS);
	flow.src_identity = identity_of(&flow.src);
	reason = parse_l4(skb, &flow);
	if (reason)
		return drop(skb, &flow, reason, DIRECTION_INGRESS);
	find_connection(skb, &flow, &connection, false);
	reason = admit(skb, &flow, iface->id, read_policy(&iface->policy), &connection, true);
	if (reason)
		return drop(skb, &flow, reason, DIRECTION_INGRESS);
	count_forwarded(skb, &flow, DIRECTION_INGRESS);
	trace_to(skb, &flow, TRACE_TO_ENDPOINT, &connection, DIRECTION_INGRESS, iface->id, iface->id,
		 ifindex);
	return NEXT;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Packets that ask what would become of them: the agent runs the programs on them, nothing is sent, and what
// was decided is written down here instead of into any other map.
#pragma once

#include "maps.h"
#include "packet.h"

static __always_inline bool is_explained(struct __sk_buff *skb)
{
	return skb->mark == MARK_EXPLAIN;
}

static __always_inline struct explanation *explanation(const struct flow *flow)
{
	__u32 zero = 0;

	return flow->explain ? bpf_map_lookup_elem(&explained, &zero) : NULL;
}

static __always_inline void explain_identities(const struct flow *flow)
{
	struct explanation *now = explanation(flow);

	if (!now)
		return;
	now->parts |= EXPLAIN_IDENTITIES;
	now->src_identity = flow->src_identity;
	now->dst_identity = flow->dst_identity;
	now->src_endpoint = flow->source;
	now->dst_endpoint = flow->dst_endpoint;
}

static __always_inline void explain_route(const struct flow *flow, __s32 result, __u32 ifindex, __u32 family,
					  const __be32 next_hop[4])
{
	struct explanation *now = explanation(flow);

	if (!now)
		return;
	now->parts |= EXPLAIN_ROUTE;
	now->fib_result = result;
	now->ifindex = ifindex;
	now->next_hop_family = family;
	__builtin_memcpy(now->next_hop, next_hop, 16);
}

static __always_inline void explain_nat(const struct flow *flow, enum explain_parts part,
					const __be32 addr[4], __be16 port)
{
	struct explanation *now = explanation(flow);

	if (!now)
		return;
	now->parts |= part;
	__builtin_memcpy(now->nat_addr, addr, 16);
	now->nat_port = bpf_ntohs(port);
}

static __always_inline void explain_forward(const struct flow *flow, enum trace_point point)
{
	struct explanation *now = explanation(flow);

	if (!now)
		return;
	now->parts |= EXPLAIN_FORWARDED;
	now->trace_point = point;
}

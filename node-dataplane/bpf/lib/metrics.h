// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Counting, and the end of packets. A packet is counted once by each hook that ends its way or sends it on.
#pragma once

#include "events.h"
#include "explain.h"
#include "maps.h"

static __always_inline void count(struct __sk_buff *skb, enum drop_reason reason, enum direction direction)
{
	__u32 index = reason * METRICS_PER_REASON + direction;
	struct metric *metric = bpf_map_lookup_elem(&metrics, &index);

	if (metric) {
		metric->packets++;
		metric->bytes += skb->len;
	}
}

// The only way to drop a packet. Of flow only what is known so far is set.
CHECKED_ONCE int drop(struct __sk_buff *skb, const struct flow *flow, __u32 reason, __u32 direction)
{
	if (!flow)
		return TC_ACT_SHOT;
	if (flow->explain) {
		struct explanation *now = explanation(flow);

		if (now) {
			now->parts |= EXPLAIN_DROPPED;
			now->drop_reason = reason;
		}
		return TC_ACT_SHOT;
	}
	count(skb, reason, direction);
	if (wants(flow, EVENT_DROP)) {
		struct packet_note note = {
			.type = EVENT_DROP,
			.subtype = reason,
			.direction = direction,
			.source = flow->source,
			.dst_endpoint = flow->dst_endpoint,
		};

		send_packet(skb, flow, &note);
	}
	return TC_ACT_SHOT;
}

// A packet that goes on.
static __always_inline void count_forwarded(struct __sk_buff *skb, const struct flow *flow,
					    enum direction direction)
{
	if (!flow->explain)
		count(skb, FORWARDED, direction);
}

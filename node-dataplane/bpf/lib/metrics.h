// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Counting. A packet is counted once by each hook that ends its way or sends it on.
#pragma once

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

// The only way to drop a packet.
static __noinline int drop(struct __sk_buff *skb, enum drop_reason reason, enum direction direction)
{
	count(skb, reason, direction);
	return TC_ACT_SHOT;
}

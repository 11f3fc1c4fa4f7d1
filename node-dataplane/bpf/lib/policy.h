// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// What an endpoint's policy says of a packet.
#pragma once

#include "events.h"
#include "explain.h"
#include "l4.h"
#include "maps.h"

// A struct policy in a register: id and flags that belong together, though the agent may change the entry it
// is in at any time.
typedef __u64 __attribute__((may_alias)) whole_policy;

static __always_inline whole_policy read_policy(const struct policy *policy)
{
	return *(const volatile whole_policy *)policy;
}

static __always_inline struct policy parts_of(whole_policy policy)
{
	union {
		__u64 whole;
		struct policy parts;
	} both = {.whole = policy};

	return both.parts;
}

// ICMP has its type where others have the port.
static __always_inline __be16 policy_port(const struct flow *flow)
{
	if (flow->protocol == IPPROTO_ICMP || flow->protocol == IPPROTO_ICMPV6)
		return bpf_htons(flow->icmp_type);
	return flow->dport;
}

static __always_inline __u8 policy_match(const struct policy_entry *entry, bool of_identity)
{
	if (entry->length > 8)
		return of_identity ? MATCH_L3_L4 : MATCH_L4_ONLY;
	if (entry->length == 8)
		return of_identity ? MATCH_L3_PROTO : MATCH_PROTO_ONLY;
	return of_identity ? MATCH_L3_ONLY : MATCH_ALL;
}

CHECKED_ONCE int tell_verdict(struct __sk_buff *skb, const struct flow *flow, const struct packet_note *note)
{
	struct explanation *now;

	if (!flow || !note)
		return 0;
	now = explanation(flow);
	if (now && note->direction == DIRECTION_EGRESS) {
		now->parts |= EXPLAIN_EGRESS;
		now->egress_verdict = note->verdict;
		now->egress_rule = note->rule;
		now->egress_match = note->match;
	} else if (now) {
		now->parts |= EXPLAIN_INGRESS;
		now->ingress_verdict = note->verdict;
		now->ingress_rule = note->rule;
		now->ingress_match = note->match;
	} else if (wants(flow, EVENT_POLICY_VERDICT)) {
		send_packet(skb, flow, note);
	}
	return 0;
}

// 0, or why the packet ends. endpoint is the id of the one whose policy it is.
CHECKED_ONCE int policy_verdict(struct __sk_buff *skb, const struct flow *flow, __u64 policy, __u32 direction,
				__u32 endpoint)
{
	bool ingress = direction == DIRECTION_INGRESS;
	struct policy_key key = {.prefixlen = sizeof(key) * 8 - 32, .direction = direction};
	struct packet_note note = {
		.type = EVENT_POLICY_VERDICT,
		.source = endpoint,
		.direction = direction,
		.verdict = -DROP_POLICY,
	};
	struct policy_entry *any;
	struct policy_entry *entry;
	bool of_identity = true;

	if (!flow)
		return DROP_POLICY;
	// What comes without ports is judged by its first fragment: by the connection that made.
	if (flow->later_fragment)
		return DROP_FRAGMENT_NOT_FOUND;
	key.policy = parts_of(policy).id;
	key.identity = ingress ? flow->src_identity : flow->dst_identity;
	key.protocol = flow->protocol;
	key.port = policy_port(flow);
	entry = bpf_map_lookup_elem(&policies, &key);
	key.identity = 0;
	any = bpf_map_lookup_elem(&policies, &key);
	if (any && (!entry || (any->deny && !entry->deny))) {
		entry = any;
		of_identity = false;
	}
	if (entry) {
		note.rule = entry->rule;
		note.match = policy_match(entry, of_identity);
		note.verdict = entry->deny ? -DROP_POLICY_DENY : 0;
		if (!flow->explain) {
			__sync_fetch_and_add(&entry->packets, 1);
			__sync_fetch_and_add(&entry->bytes, skb->len);
		}
	}
	if (note.verdict && (parts_of(policy).flags & POLICY_AUDIT)) {
		note.verdict = 0;
		note.audited = 1;
	}
	if (flow->explain || wants(flow, EVENT_POLICY_VERDICT))
		tell_verdict(skb, flow, &note);
	return -note.verdict;
}

static __always_inline bool is_enforced(whole_policy policy, enum direction direction)
{
	return parts_of(policy).flags & (direction == DIRECTION_INGRESS ? POLICY_INGRESS : POLICY_EGRESS);
}

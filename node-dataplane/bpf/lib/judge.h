// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Whether a packet may pass, by its connection and the policy of the endpoint that sends or receives it; and
// what listeners are told of it.
#pragma once

#include "conntrack.h"
#include "metrics.h"
#include "policy.h"

// As Cilium numbers them in the messages of a lookup.
#define LOOKUP_INGRESS 0
#define LOOKUP_EGRESS  1
#define LOOKUP_RELATED 2

// What the programs of all hooks begin with.
static __always_inline void begin(struct __sk_buff *skb, struct flow *flow, __u32 source)
{
	*flow = (struct flow){.source = source, .explain = is_explained(skb)};
	// What is only explained does not happen.
	if (!flow->explain)
		flow->events = wanted_events();
}

// The half of an entry that has judged the sender, or the receiver.
static __always_inline __u32 half_of(const struct connection *connection, enum direction direction)
{
	bool egress = direction == DIRECTION_EGRESS;

	return egress != !!connection->side ? CT_EGRESS : CT_INGRESS;
}

static __always_inline bool has_half(const struct connection *connection, enum direction direction)
{
	return connection->entry && (connection->entry->flags & half_of(connection, direction));
}

// What the packet is to its connection as the endpoint of a direction sees it.
static __always_inline enum ct_state state_of(const struct connection *connection, enum direction direction)
{
	if (connection->entry && !has_half(connection, direction))
		return CT_NEW;
	return connection->state;
}

static __always_inline void set_debug(struct debug_event *event, enum debug_message message, __u32 first,
				      __u32 second, __u32 third)
{
	event->header.subtype = message;
	event->arguments[0] = first;
	event->arguments[1] = second;
	event->arguments[2] = third;
	event->unused = 0;
}

// Four messages in one record: a record each would take longer than the rest of the program.
static __noinline void tell_lookup(struct __sk_buff *skb, const struct flow *flow,
				   const struct connection *connection, enum direction direction,
				   __u32 source)
{
	bool ipv6 = flow->src.family == FAMILY_IPV6;
	bool matches = has_half(connection, direction);
	enum ct_state state = state_of(connection, direction);
	__u32 flags = direction == DIRECTION_EGRESS ? LOOKUP_EGRESS : LOOKUP_INGRESS;
	struct debug_event *events = reserve_events(DEBUG_EVENTS * sizeof(*events), matches ? 4 : 3);

	if (!events)
		goto done;
	if (state == CT_RELATED)
		flags |= LOOKUP_RELATED;
	set_header(skb, &events[0].header, EVENT_DEBUG, 0, source);
	events[1].header = events[0].header;
	events[2].header = events[0].header;
	events[3].header = events[0].header;
	set_debug(&events[0], ipv6 ? DEBUG_CT_LOOKUP6_1 : DEBUG_CT_LOOKUP4_1, debug_address(&flow->src),
		  debug_address(&flow->dst), (__u32)flow->dport << 16 | flow->sport);
	set_debug(&events[1], ipv6 ? DEBUG_CT_LOOKUP6_2 : DEBUG_CT_LOOKUP4_2, flow->protocol << 8 | flags,
		  direction, 0);
	set_debug(&events[2], DEBUG_CT_MATCH, matches ? connection->entry->expires / 1000000000 : 0, 0, 0);
	if (!matches)
		events[2].header.type = EVENT_NOTHING;
	set_debug(&events[3], DEBUG_CT_VERDICT, state, 0, 0);
	bpf_ringbuf_submit(events, BPF_RB_NO_WAKEUP);
done:
	RETURN_NOTHING;
}

static __always_inline void debug_lookup(struct __sk_buff *skb, const struct flow *flow,
					 const struct connection *connection, enum direction direction,
					 __u32 source)
{
	struct explanation *now = explanation(flow);

	if (now) {
		now->parts |= EXPLAIN_CT;
		now->ct_state = state_of(connection, direction);
	}
	if (debug_datapath && wants(flow, EVENT_DEBUG))
		tell_lookup(skb, flow, connection, direction, source);
}

static __always_inline void debug_mapped(struct __sk_buff *skb, const struct flow *flow,
					 const struct ip_key *ip, __u32 identity)
{
	debug(skb, flow, flow->source,
	      ip->family == FAMILY_IPV4 ? DEBUG_IDENTITY_MAPPED4 : DEBUG_IDENTITY_MAPPED6, debug_address(ip),
	      identity, 0);
}

static __always_inline void debug_created(struct __sk_buff *skb, const struct flow *flow, __u32 source)
{
	debug(skb, flow, source, flow->src.family == FAMILY_IPV4 ? DEBUG_CT_CREATED4 : DEBUG_CT_CREATED6, 0,
	      flow->src_identity, 0);
}

static __always_inline __u32 forbidden_by(enum direction direction)
{
	return direction == DIRECTION_EGRESS ? CT_FORBIDDEN_EGRESS : CT_FORBIDDEN_INGRESS;
}

// Whether a connection's entry says it all: the half has judged it, and by what counts now.
static __always_inline bool is_judged(const struct flow *flow, const struct connection *connection,
				      whole_policy policy, enum direction direction)
{
	const struct ct_entry *entry = connection->entry;

	if (!has_half(connection, direction))
		return false;
	if (connection->state != CT_ESTABLISHED)
		return true;
	// Id 0 has no rules: what it enforces was nothing before.
	if ((entry->flags & forbidden_by(direction)) ||
	    (!parts_of(policy).id && is_enforced(policy, direction)))
		return false;
	return direction == DIRECTION_EGRESS ? entry->egress_policy == parts_of(policy).id &&
						       entry->dst_identity == flow->dst_identity
					     : entry->ingress_policy == parts_of(policy).id &&
						       entry->src_identity == flow->src_identity;
}

// 0, or why the packet ends. endpoint is the id of the one that sends (egress) or receives it (ingress).
static __always_inline int judge(struct __sk_buff *skb, const struct flow *flow, whole_policy policy,
				 enum direction direction, __u32 endpoint, struct connection *connection,
				 struct judged *judged)
{
	struct ct_entry *entry = connection->entry;
	bool egress = direction == DIRECTION_EGRESS;
	int reason;

	// Answers to what is forbidden now are none, nor do they begin a connection that would be answered.
	if (entry && connection->state != CT_ESTABLISHED && (entry->flags & CT_FORBIDDEN))
		return DROP_POLICY;
	if (is_judged(flow, connection, policy, direction)) {
		// Whoever asks is told the rule even where the connection has it already.
		if (!flow->explain || connection->state != CT_ESTABLISHED)
			return 0;
	}
	reason = is_enforced(policy, direction) ? policy_verdict(skb, flow, policy, direction, endpoint) : 0;
	if (entry && connection->state == CT_ESTABLISHED && !flow->explain) {
		if (reason) {
			entry->flags |= forbidden_by(direction);
			entry->expires = connection->now + lifetime_ns(entry, flow->protocol);
		} else if (egress) {
			entry->egress_policy = parts_of(policy).id;
			entry->dst_identity = flow->dst_identity;
			entry->flags = (entry->flags | CT_EGRESS) & ~CT_FORBIDDEN_EGRESS;
		} else {
			entry->ingress_policy = parts_of(policy).id;
			entry->src_identity = flow->src_identity;
			entry->flags = (entry->flags | CT_INGRESS) & ~CT_FORBIDDEN_INGRESS;
		}
	}
	if (!reason && !entry)
		debug_created(skb, flow, endpoint);
	judged->halves |= egress ? CT_EGRESS : CT_INGRESS;
	if (egress)
		judged->egress_policy = parts_of(policy).id;
	else
		judged->ingress_policy = parts_of(policy).id;
	return reason;
}

// Remembers the connection of a packet that may pass. 0, or why the packet ends.
static __always_inline int remember(struct __sk_buff *skb, const struct flow *flow,
				    const struct connection *connection, const struct judged *judged)
{
	if (connection->entry) {
		touch(skb, flow, connection);
		return 0;
	}
	// An error of a connection nobody knows begins none.
	if (flow->explain || is_icmp_error(flow))
		return 0;
	return create(skb, flow, connection->now, judged);
}

// Whether a packet that goes on is told of: each, or from AGGREGATION_MEDIUM on what is new of its
// connection.
static __noinline bool is_news(const struct flow *flow, const struct connection *connection, bool arrives)
{
	struct ct_entry *entry = connection->entry;
	__u32 zero = 0;
	struct settings *now = bpf_map_lookup_elem(&settings, &zero);
	__u8 flags;
	bool news;

	if (!now || (arrives && now->aggregation != AGGREGATION_NONE))
		return false;
	if (now->aggregation < AGGREGATION_MEDIUM || !entry)
		return true;
	flags = flow->tcp_flags & now->tcp_flags;
	if (connection->side) {
		news = (flags & ~entry->reported_flags[1]) ||
		       connection->now - entry->reported[1] >= now->interval;
		if (news) {
			entry->reported_flags[1] |= flags;
			entry->reported[1] = connection->now;
		}
	} else {
		news = (flags & ~entry->reported_flags[0]) ||
		       connection->now - entry->reported[0] >= now->interval;
		if (news) {
			entry->reported_flags[0] |= flags;
			entry->reported[0] = connection->now;
		}
	}
	return news;
}

// A packet comes from somewhere; nothing of its connection is known yet.
static __always_inline void trace_from(struct __sk_buff *skb, const struct flow *flow, enum trace_point point,
				       __u32 source)
{
	struct connection none = {};

	if (wants(flow, EVENT_TRACE) && is_news(flow, &none, true))
		trace(skb, flow, point, CT_UNKNOWN, source, 0, skb->ifindex);
}

// A packet goes somewhere.
static __always_inline void trace_to(struct __sk_buff *skb, const struct flow *flow, enum trace_point point,
				     const struct connection *connection, enum direction direction,
				     __u32 source, __u32 dst_endpoint, __u32 ifindex)
{
	explain_forward(flow, point);
	if (wants(flow, EVENT_TRACE) && is_news(flow, connection, false))
		trace(skb, flow, point, state_of(connection, direction), source, dst_endpoint, ifindex);
}

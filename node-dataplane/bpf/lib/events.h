// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Telling those who listen. Nobody is woken: a wake-up costs more than carrying two packets, and the agent
// looks by itself. Where nobody listens it is a test of a bit.
#pragma once

#include "config.h"
#include "maps.h"
#include "packet.h"

// What somebody listens to: 1 << event_type each. Read once a program, into flow.events.
static __always_inline __u16 wanted_events(void)
{
	__u32 zero = 0;
	struct settings *now = bpf_map_lookup_elem(&settings, &zero);

	return now ? now->events : 0;
}

static __always_inline bool wants(const struct flow *flow, enum event_type type)
{
	return flow->events & (1 << type);
}

static __always_inline void set_header(struct __sk_buff *skb, struct event_header *header,
				       enum event_type type, __u8 subtype, __u32 source)
{
	header->time = bpf_ktime_get_ns();
	header->cpu = bpf_get_smp_processor_id();
	header->mark = skb->mark;
	header->source = source;
	header->type = type;
	header->subtype = subtype;
	header->unused = 0;
}

// Room for a number of events that are written, or lost, together.
static __always_inline void *reserve_events(__u32 size, __u32 count)
{
	void *event = bpf_ringbuf_reserve(&events, size, 0);
	__u32 zero = 0;
	__u64 *lost;

	if (!event) {
		lost = bpf_map_lookup_elem(&lost_events, &zero);
		if (lost)
			*lost += count;
	}
	return event;
}

CHECKED_ONCE int send_debug(struct __sk_buff *skb, __u32 source, enum debug_message message,
			    __u64 first_and_second, __u32 third)
{
	struct debug_event *event = reserve_events(sizeof(*event), 1);

	if (!event)
		return 0;
	set_header(skb, &event->header, EVENT_DEBUG, message, source);
	event->arguments[0] = first_and_second >> 32;
	event->arguments[1] = first_and_second;
	event->arguments[2] = third;
	event->unused = 0;
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
	return 0;
}

static __always_inline void debug(struct __sk_buff *skb, const struct flow *flow, __u32 source,
				  enum debug_message message, __u32 first, __u32 second, __u32 third)
{
	if (debug_datapath && wants(flow, EVENT_DEBUG))
		send_debug(skb, source, message, (__u64)first << 32 | second, third);
}

// What differs between the events that carry a packet.
struct packet_note {
	__u8 type;
	__u8 subtype;
	__u8 state;
	__u8 direction;
	__u8 match;
	__u8 audited;
	__u16 unused;
	__s32 verdict;
	__u32 rule;
	__u32 source;
	__u32 dst_endpoint;
	__u32 ifindex;
};

CHECKED_ONCE int send_packet(struct __sk_buff *skb, const struct flow *flow, const struct packet_note *note)
{
	struct packet_event *event;
	__u32 length = skb->len;

	if (!flow || !note)
		return 0;
	event = reserve_events(sizeof(*event), 1);
	if (!event)
		return 0;
	set_header(skb, &event->header, note->type, note->subtype, note->source);
	event->length = length;
	event->src_identity = flow->src_identity;
	event->dst_identity = flow->dst_identity;
	event->dst_endpoint = note->dst_endpoint;
	event->ifindex = note->ifindex;
	event->verdict = note->verdict;
	event->rule = note->rule;
	event->dst_port = flow->dport;
	event->protocol = flow->protocol;
	event->direction = note->direction;
	event->match = note->match;
	event->audited = note->audited;
	event->state = note->state;
	event->ipv6 = flow->src.family == FAMILY_IPV6;
	__builtin_memcpy(event->original_ip, flow->src.addr, 16);
	if (length >= EVENT_PAYLOAD) {
		event->captured = EVENT_PAYLOAD;
		bpf_skb_load_bytes(skb, 0, event->payload, EVENT_PAYLOAD);
	} else if (length) {
		event->captured = length;
		// The mask tells the verifier what the test has told already.
		bpf_skb_load_bytes(skb, 0, event->payload, ((length - 1) & (EVENT_PAYLOAD - 1)) + 1);
	} else {
		event->captured = 0;
	}
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
	return 0;
}

// Arguments are few because functions have few: what is the point and, above 8 bits, the state; the endpoints
// are the source, upper half, and the destination.
CHECKED_ONCE int send_trace(struct __sk_buff *skb, const struct flow *flow, __u32 what, __u64 endpoints,
			    __u32 ifindex)
{
	struct packet_note note = {
		.type = EVENT_TRACE,
		.subtype = what,
		.state = what >> 8,
		.source = endpoints >> 32,
		.dst_endpoint = endpoints,
		.ifindex = ifindex,
	};

	return send_packet(skb, flow, &note);
}

// A packet seen at a point; dst_endpoint and ifindex 0 for none.
static __always_inline void trace(struct __sk_buff *skb, const struct flow *flow, enum trace_point point,
				  enum ct_state state, __u32 source, __u32 dst_endpoint, __u32 ifindex)
{
	send_trace(skb, flow, state << 8 | point, (__u64)source << 32 | dst_endpoint, ifindex);
}

static __always_inline void capture(struct __sk_buff *skb, const struct flow *flow, enum capture_point point)
{
	struct packet_note note = {
		.type = EVENT_CAPTURE,
		.subtype = point,
		.source = flow->source,
		.ifindex = skb->ifindex,
	};

	if (debug_datapath && wants(flow, EVENT_CAPTURE))
		send_packet(skb, flow, &note);
}

// An address as an argument of a debug message: its last 32 bits.
static __always_inline __u32 debug_address(const struct ip_key *ip)
{
	return ip->family == FAMILY_IPV4 ? ip->addr[0] : ip->addr[3];
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Masquerade: what pods send to the world leaves from the node's address, and what answers it comes back. A
// flow has two entries, and counts as translated only while both are there and say the same: either may be
// evicted by itself.
#pragma once

#include "config.h"
#include "conntrack.h"
#include "events.h"
#include "explain.h"
#include "icmp.h"
#include "identity.h"
#include "rewrite.h"

// Translation of the packet is decided, to_netdev has nothing to do. Cilium's value.
#define MARK_TRANSLATED 0x0300

// Identities of this node's own making, for prefixes that policies name: parts of the world.
#define IDENTITY_LOCAL_SCOPE (1 << 24)

// How often chance is tried before the ports are tried in turn: with 9 of 10 ports taken it finds a free one
// in 97 of 100 cases.
#define RANDOM_PORTS 32

#define USED_INTERVAL 1000000000ULL

// What reverse_nat returns beside drop reasons.
#define NOT_TRANSLATED 0
#define TRANSLATED     1

// Keys are those of IPv6 in both families, an IPv4 address is in the first word. In scratch, for all of the
// functions below: the stack is full.
struct nat_room {
	struct nat_key6 out;
	struct nat_key6 in;
	// What the source becomes.
	struct end node;
	// What a mapping that was found says.
	struct end other;
	// 0 when nothing is to change.
	__u64 now;
	enum ip_family family;
	// First port of those that are tried in turn, less nat_port_min.
	__u32 start;
	__u32 found;
};
_Static_assert(sizeof(struct nat_room) <= sizeof(struct scratch), "a translation fits");

static __always_inline bool masquerades(enum ip_family family)
{
	return family == FAMILY_IPV4 ? masquerade_ipv4 : masquerade_ipv6;
}

// Pods, nodes and what else belongs to the cluster see pods as they are; only the world sees the node, and
// other nodes when they are to. Answers keep the address that was asked.
static __always_inline bool may_masquerade(const struct flow *flow, enum ct_state state)
{
	__u32 to = flow->dst_identity;

	if (!masquerades(flow->src.family) || state == CT_REPLY)
		return false;
	return to == IDENTITY_WORLD || (to & IDENTITY_LOCAL_SCOPE) ||
	       (masquerade_remote_nodes && to == IDENTITY_REMOTE_NODE);
}

static __noinline bool is_excluded(const struct ip_key *dst)
{
	struct ipcache_key key = {
		.prefixlen = 32 + (dst->family == FAMILY_IPV4 ? 32 : 128),
		.family = dst->family,
		.addr = {dst->addr[0], dst->addr[1], dst->addr[2], dst->addr[3]},
	};

	return bpf_map_lookup_elem(&no_masquerade, &key);
}

// Whether a mapping can be made for the packet's kind. Of a later fragment the first has decided.
static __always_inline bool is_translatable(const struct flow *flow)
{
	switch (flow->protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
		return true;
	case IPPROTO_ICMP:
		return flow->src.family == FAMILY_IPV4 &&
		       (flow->later_fragment || flow->icmp_type == ICMP_ECHO_REQUEST ||
			flow->icmp_type == ICMP_TIMESTAMP);
	case IPPROTO_ICMPV6:
		return flow->src.family == FAMILY_IPV6 &&
		       (flow->later_fragment || flow->icmp_type == ICMPV6_ECHO_REQUEST);
	default:
		return false;
	}
}

static __always_inline bool is_nat_port(__be16 port)
{
	__u16 number = bpf_ntohs(port);

	return number >= nat_port_min && number <= nat_port_max;
}

static __always_inline struct nat_key4 short_key(const struct nat_key6 *key)
{
	return (struct nat_key4){
		.src = key->src[0],
		.dst = key->dst[0],
		.sport = key->sport,
		.dport = key->dport,
		.protocol = key->protocol,
		.direction = key->direction,
	};
}

// What find_mapping found.
enum found {
	FOUND_NONE,
	FOUND,
	// ... and a use was noted, which is done once a second: writing to what other processors read costs
	// more than reading it.
	FOUND_AND_NOTED,
};

// Whether there is an entry, and what it says.
static __noinline enum found find_mapping(const struct nat_room *room, const struct nat_key6 *key,
					  struct end *to)
{
	__u64 now = room->now;

	if (room->family == FAMILY_IPV4) {
		struct nat_key4 short_form = short_key(key);
		struct nat_entry4 *entry = bpf_map_lookup_elem(&nat4, &short_form);

		if (!entry)
			return FOUND_NONE;
		*to = (struct end){.addr = {entry->addr}, .port = entry->port, .flags = entry->flags};
		if (!now || now - entry->used < USED_INTERVAL)
			return FOUND;
		entry->used = now;
	} else {
		struct nat_entry6 *entry = bpf_map_lookup_elem(&nat6, key);

		if (!entry)
			return FOUND_NONE;
		__builtin_memcpy(to->addr, entry->addr, 16);
		to->port = entry->port;
		to->flags = entry->flags;
		if (!now || now - entry->used < USED_INTERVAL)
			return FOUND;
		entry->used = now;
	}
	return FOUND_AND_NOTED;
}

// Makes an entry unless there is one. Not 0 when there is, or no room.
static __noinline long make_mapping(const struct nat_room *room, const struct nat_key6 *key,
				    const __be32 addr[4], __be16 port, __u16 flags)
{
	__u64 now = room->now;

	if (!now)
		return 0;
	if (room->family == FAMILY_IPV4) {
		struct nat_key4 short_form = short_key(key);
		struct nat_entry4 entry = {
			.created = now, .used = now, .addr = addr[0], .port = port, .flags = flags};

		return bpf_map_update_elem(&nat4, &short_form, &entry, BPF_NOEXIST);
	}
	struct nat_entry6 entry = {.created = now, .used = now, .port = port, .flags = flags};

	__builtin_memcpy(entry.addr, addr, 16);
	return bpf_map_update_elem(&nat6, key, &entry, BPF_NOEXIST);
}

static __noinline void delete_mapping(const struct nat_room *room, const struct nat_key6 *key)
{
	if (!room->now)
		return;
	if (room->family == FAMILY_IPV4) {
		struct nat_key4 short_form = short_key(key);

		bpf_map_delete_elem(&nat4, &short_form);
	} else {
		bpf_map_delete_elem(&nat6, key);
	}
}

// Whether the mapping in room->other leads back to the flow in room->out.
static __always_inline bool is_own(const struct nat_room *room)
{
	return same_end(&room->other, room->out.src, room->out.sport) && !(room->other.flags & NAT_HOST);
}

// Takes a port for the flow in room->out if nobody else has it: making the entry is the test.
static __noinline bool take_port(struct nat_room *room, __be16 port)
{
	room->in.dport = port;
	if (find_mapping(room, &room->in, &room->other))
		// The other half of its own may be evicted.
		room->found = is_own(room);
	else
		room->found = !make_mapping(room, &room->in, room->out.src, room->out.sport, 0);
	return room->found;
}

static long try_port(__u32 index, void *unused)
{
	struct nat_room *room = scratch_room();
	__u32 ports = (__u32)nat_port_max - nat_port_min + 1;
	__u32 place;

	(void)unused;
	if (!room)
		return 1;
	place = index < RANDOM_PORTS ? bpf_get_prandom_u32() : room->start + index;
	return take_port(room, bpf_htons(nat_port_min + place % ports));
}

// A port for a flow that has none: its own if that may be and is free; else by chance; else whichever is
// free. 0, or why the packet ends.
static __always_inline int choose_port(struct nat_room *room)
{
	__u32 ports = (__u32)nat_port_max - nat_port_min + 1;
	__be16 own = room->out.sport;

	room->found = 0;
	// The checksum of SCTP (RFC 9260) covers ports, and is too dear to do anew.
	if (room->out.protocol == IPPROTO_SCTP || is_nat_port(own))
		take_port(room, own);
	if (!room->found && room->out.protocol != IPPROTO_SCTP) {
		room->start = bpf_get_prandom_u32();
		bpf_loop(RANDOM_PORTS + ports, try_port, NULL, 0);
	}
	if (!room->found)
		return DROP_NAT_NO_MAPPING;
	room->node.port = room->in.dport;
	if (!make_mapping(room, &room->out, room->node.addr, room->node.port, 0))
		return 0;
	// Another processor has been faster with another packet of the flow.
	if (find_mapping(room, &room->out, &room->other) && same_ipv6(room->other.addr, room->node.addr)) {
		if (room->other.port != room->node.port)
			delete_mapping(room, &room->in);
		room->node.port = room->other.port;
		return 0;
	}
	delete_mapping(room, &room->in);
	return DROP_NAT_NO_MAPPING;
}

// Finds or makes the mapping of the flow in room->out; room->node.port is its port then. 0, or why the packet
// ends.
static __noinline int map_flow(struct nat_room *room, bool makes)
{
	if (find_mapping(room, &room->out, &room->other)) {
		if (same_ipv6(room->other.addr, room->node.addr)) {
			room->in.dport = room->other.port;
			room->node.port = room->other.port;
			if (find_mapping(room, &room->in, &room->other)) {
				if (is_own(room))
					return 0;
			} else if (!make_mapping(room, &room->in, room->out.src, room->out.sport, 0)) {
				return 0;
			}
		}
		// The node has another address now, or its port is somebody else's.
		delete_mapping(room, &room->out);
	}
	return makes ? choose_port(room) : DROP_NAT_NO_MAPPING;
}

static __always_inline void begin_room(struct nat_room *room, const struct flow *flow)
{
	*room = (struct nat_room){
		.now = flow->explain ? 0 : bpf_ktime_get_coarse_ns(),
		.family = flow->src.family,
		.out = {.direction = NAT_OUT, .protocol = flow->protocol},
		.in = {.direction = NAT_IN, .protocol = flow->protocol},
	};
}

// What a packet that leaves is to be known by. node.addr must be set.
static __always_inline void set_keys(struct nat_room *room, const struct flow *flow)
{
	__builtin_memcpy(room->out.src, flow->src.addr, 16);
	__builtin_memcpy(room->out.dst, flow->dst.addr, 16);
	__builtin_memcpy(room->in.src, flow->dst.addr, 16);
	__builtin_memcpy(room->in.dst, room->node.addr, 16);
	room->out.sport = flow->sport;
	room->out.dport = flow->dport;
	room->in.sport = flow->dport;
	room->in.dport = flow->sport;
}

// The key of the flow that the quoted packet, seen from its receiver, belongs to: the sender of the error or
// whoever is behind it. False when it is none, not all there, or not of a kind that is translated.
static __noinline bool read_quote(struct __sk_buff *skb, const struct flow *flow, struct nat_key6 *key,
				  struct quote *quote)
{
	__be16 l4[4];
	__u8 first[10];

	quote->ip = flow->l4_offset + 8;
	quote->end = packet_length(skb, flow->src.family);
	if (bpf_skb_load_bytes(skb, quote->ip, first, sizeof(first)))
		return false;
	if (flow->src.family == FAMILY_IPV4) {
		__u32 addresses = quote->ip + offsetof(struct iphdr, saddr);

		if (first[0] >> 4 != 4 || (first[0] & 15) < 5 || (first[6] & 0x1f) || first[7])
			return false;
		quote->protocol = first[9];
		quote->l4 = quote->ip + (first[0] & 15) * 4;
		if (bpf_skb_load_bytes(skb, addresses, key->dst, 4) ||
		    bpf_skb_load_bytes(skb, addresses + 4, key->src, 4))
			return false;
	} else {
		__u32 addresses = quote->ip + offsetof(struct ipv6hdr, saddr);

		if (first[0] >> 4 != 6)
			return false;
		quote->protocol = first[6];
		quote->l4 = quote->ip + sizeof(struct ipv6hdr);
		if (bpf_skb_load_bytes(skb, addresses, key->dst, 16) ||
		    bpf_skb_load_bytes(skb, addresses + 16, key->src, 16))
			return false;
	}
	// An error goes to the sender of what it is about.
	if (!same_ipv6(key->dst, flow->dst.addr) || !l4_length(quote->protocol) ||
	    quote->l4 + sizeof(l4) > quote->end || bpf_skb_load_bytes(skb, quote->l4, l4, sizeof(l4)))
		return false;
	key->protocol = quote->protocol;
	key->sport = l4[1];
	key->dport = l4[0];
	if (quote->protocol == IPPROTO_ICMP || quote->protocol == IPPROTO_ICMPV6)
		set_icmp(*(__u8 *)l4, l4[2], quote->protocol, &key->dport, &key->sport);
	return true;
}

static __always_inline void set_end(struct end *end, const __be32 addr[4], __be16 port)
{
	__builtin_memcpy(end->addr, addr, 16);
	end->port = port;
	end->flags = 0;
}

// An error that a pod sends about an answer it got: the world knows neither the pod nor its port. 0, or why
// the packet ends.
static __noinline int masquerade_error(struct __sk_buff *skb, const struct flow *flow, struct nat_room *room,
				       enum ct_state state)
{
	struct quote quote = {};

	if (!read_quote(skb, flow, &room->out, &quote) || !same_ipv6(room->out.src, flow->src.addr) ||
	    !find_mapping(room, &room->out, &room->node))
		// About a connection that came to the pod's own address: it is known there.
		return state == CT_RELATED ? 0 : DROP_NAT_NO_MAPPING;
	set_end(&room->other, room->out.src, room->out.sport);
	if (rewrite_quote(skb, flow, &quote, &room->other, &room->node) ||
	    rewrite(skb, flow, true, room->node.port, &room->node))
		return DROP_WRITE_ERROR;
	explain_nat(flow, EXPLAIN_SNAT, room->node.addr, room->node.port);
	return 0;
}

static __noinline void capture_translation(struct __sk_buff *skb, const struct flow *flow,
					   enum capture_point point)
{
	capture(skb, flow, point);
	RETURN_NOTHING;
}

// Translates what a pod sends to whom may_masquerade() says, when it leaves by ifindex. 0, or why the packet
// ends.
CHECKED_ONCE int masquerade_source(struct __sk_buff *skb, const struct flow *flow, __u32 state, __u32 ifindex)
{
	struct masquerade_address *as = bpf_map_lookup_elem(&masquerade, &ifindex);
	struct nat_room *room = scratch_room();
	int reason;

	if (!flow || !room)
		return DROP_NAT_NO_MAPPING;
	if (!as)
		return 0;
	begin_room(room, flow);
	if (flow->src.family == FAMILY_IPV4) {
		if (!(as->flags & MASQUERADE_IPV4))
			return 0;
		room->node.addr[0] = as->ipv4;
	} else {
		if (!(as->flags & MASQUERADE_IPV6))
			return 0;
		__builtin_memcpy(room->node.addr, as->ipv6, 16);
	}
	if (is_excluded(&flow->dst))
		return 0;
	if (is_icmp_error(flow))
		return masquerade_error(skb, flow, room, state);
	if (!is_translatable(flow))
		return DROP_NAT_UNSUPPORTED_PROTOCOL;
	set_keys(room, flow);
	reason = map_flow(room, !flow->later_fragment);
	if (reason)
		return reason;
	explain_nat(flow, EXPLAIN_SNAT, room->node.addr, room->node.port);
	capture_translation(skb, flow, CAPTURE_SNAT_PRE);
	if (rewrite(skb, flow, true, flow->sport, &room->node))
		return DROP_WRITE_ERROR;
	capture_translation(skb, flow, CAPTURE_SNAT_POST);
	return 0;
}

// Notes a connection of the node's own that leaves from one of its addresses, so that no pod is given its
// port. Where a pod has the port already the connection gets another. 0, or why the packet ends.
CHECKED_ONCE int keep_host_port(struct __sk_buff *skb, const struct flow *flow)
{
	struct nat_room *room = scratch_room();
	bool makes;
	int reason;

	if (!flow || !room)
		return DROP_NAT_NO_MAPPING;
	// A closed port's refusal is no connection: whoever knocks would fill the map.
	makes = !flow->later_fragment && !(flow->protocol == IPPROTO_TCP && (flow->tcp_flags & TCP_RST));
	begin_room(room, flow);
	__builtin_memcpy(room->node.addr, flow->src.addr, 16);
	set_keys(room, flow);
	if (find_mapping(room, &room->in, &room->other)) {
		if (room->other.flags & NAT_HOST)
			return 0;
	} else if (!find_mapping(room, &room->out, &room->other) &&
		   (!makes || !make_mapping(room, &room->in, room->out.src, room->out.sport, NAT_HOST))) {
		return 0;
	}
	reason = map_flow(room, makes);
	if (reason)
		return reason;
	return rewrite(skb, flow, true, flow->sport, &room->node) ? DROP_WRITE_ERROR : 0;
}

// Whether the mapping of an answer leads to somebody who is still there.
static __always_inline bool is_here(const struct flow *flow, const struct end *to)
{
	struct ip_key key = {.addr = {to->addr[0], to->addr[1], to->addr[2], to->addr[3]},
			     .family = flow->dst.family};

	return same_ipv6(to->addr, flow->dst.addr) || bpf_map_lookup_elem(&endpoints, &key);
}

// Answers keep the first half too: it must be neither evicted nor removed while the other is in use.
static __always_inline void keep_other_half(struct nat_room *room, const struct end *to)
{
	__builtin_memcpy(room->out.src, to->addr, 16);
	__builtin_memcpy(room->out.dst, room->in.src, 16);
	room->out.sport = to->port;
	room->out.dport = room->in.sport;
	room->out.protocol = room->in.protocol;
	if (!find_mapping(room, &room->out, &room->other))
		make_mapping(room, &room->out, room->in.dst, room->in.dport, 0);
}

static __always_inline int reverse_error(struct __sk_buff *skb, struct flow *flow, struct nat_room *room)
{
	struct quote quote = {.source = 1};

	if (!read_quote(skb, flow, &room->in, &quote) || !find_mapping(room, &room->in, &room->node) ||
	    room->node.flags & NAT_HOST || !is_here(flow, &room->node))
		return NOT_TRANSLATED;
	set_end(&room->other, room->in.dst, room->in.dport);
	if (rewrite_quote(skb, flow, &quote, &room->other, &room->node) ||
	    rewrite(skb, flow, false, room->node.port, &room->node))
		return DROP_WRITE_ERROR;
	return TRANSLATED;
}

// Translates back what the world sends to a translated flow, or says of it in an error: flow is then that of
// a packet to the pod. What belongs to no flow stays as it is. Parses what parse_l4() does.
CHECKED_ONCE int reverse_nat(struct __sk_buff *skb, struct flow *flow)
{
	struct nat_room *room = scratch_room();
	enum found found;
	int result;

	// What is broken is the stack's to refuse.
	if (!flow || !room || parse_l4(skb, flow) || !l4_length(flow->protocol))
		return NOT_TRANSLATED;
	begin_room(room, flow);
	if (is_icmp_error(flow)) {
		result = reverse_error(skb, flow, room);
		if (result != TRANSLATED)
			return result;
	} else {
		__builtin_memcpy(room->in.src, flow->src.addr, 16);
		__builtin_memcpy(room->in.dst, flow->dst.addr, 16);
		room->in.sport = flow->sport;
		room->in.dport = flow->dport;
		found = find_mapping(room, &room->in, &room->node);
		if (!found || room->node.flags & NAT_HOST || !is_here(flow, &room->node))
			return NOT_TRANSLATED;
		if (found == FOUND_AND_NOTED)
			keep_other_half(room, &room->node);
		if (rewrite(skb, flow, false, flow->dport, &room->node))
			return DROP_WRITE_ERROR;
		flow->dport = room->node.port;
	}
	__builtin_memcpy(flow->dst.addr, room->node.addr, 16);
	explain_nat(flow, EXPLAIN_REVERSE_NAT, room->node.addr, room->node.port);
	return TRANSLATED;
}

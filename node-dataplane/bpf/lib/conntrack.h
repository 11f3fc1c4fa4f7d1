// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Connections: one entry for both ways and, between two pods of a node, for both ends, so that a packet costs
// one lookup wherever it is.
#pragma once

#include "config.h"
#include "explain.h"
#include "identity.h"
#include "l4.h"
#include "maps.h"

// What a packet is to its connection.
struct connection {
	// NULL when there is none that counts.
	struct ct_entry *entry;
	__u64 now;
	enum ct_state state;
	// 0 when its sender began it.
	__u8 side;
};

// Whether the sender is the second of the key.
static __always_inline bool is_second4(__be32 src, __be32 dst, __be16 sport, __be16 dport)
{
	return src > dst || (src == dst && sport > dport);
}

static __always_inline bool is_second6(const __be32 src[4], const __be32 dst[4], __be16 sport, __be16 dport)
{
	for (int i = 3; i >= 0; i--) {
		if (src[i] != dst[i])
			return src[i] > dst[i];
	}
	return sport > dport;
}

static __always_inline bool make_key4(struct ct_key4 *key, __be32 src, __be32 dst, __be16 sport, __be16 dport,
				      __u8 protocol)
{
	bool second = is_second4(src, dst, sport, dport);

	*key = (struct ct_key4){
		.first = second ? dst : src,
		.second = second ? src : dst,
		.first_port = second ? dport : sport,
		.second_port = second ? sport : dport,
		.protocol = protocol,
	};
	return second;
}

static __always_inline bool make_key6(struct ct_key6 *key, const __be32 src[4], const __be32 dst[4],
				      __be16 sport, __be16 dport, __u8 protocol)
{
	bool second = is_second6(src, dst, sport, dport);

	*key = (struct ct_key6){
		.first_port = second ? dport : sport,
		.second_port = second ? sport : dport,
		.protocol = protocol,
	};
	__builtin_memcpy(key->first, second ? dst : src, 16);
	__builtin_memcpy(key->second, second ? src : dst, 16);
	return second;
}

// The entry, and on which side of it the sender is.
static __always_inline struct ct_entry *find4(__be32 src, __be32 dst, __be16 sport, __be16 dport,
					      __u8 protocol, bool *second)
{
	struct ct_key4 key;

	*second = make_key4(&key, src, dst, sport, dport, protocol);
	return protocol == IPPROTO_TCP ? bpf_map_lookup_elem(&ct4_tcp, &key)
				       : bpf_map_lookup_elem(&ct4_any, &key);
}

static __always_inline struct ct_entry *find6(const __be32 src[4], const __be32 dst[4], __be16 sport,
					      __be16 dport, __u8 protocol, bool *second)
{
	struct ct_key6 key;

	*second = make_key6(&key, src, dst, sport, dport, protocol);
	return protocol == IPPROTO_TCP ? bpf_map_lookup_elem(&ct6_tcp, &key)
				       : bpf_map_lookup_elem(&ct6_any, &key);
}

static __always_inline __u8 side_of(const struct ct_entry *entry, bool second)
{
	return second != !!(entry->flags & CT_BEGUN_BY_SECOND);
}

// The packet that an error of ICMP is about, of which it quotes the beginning, was sent by the error's
// receiver.
static __noinline struct ct_entry *find_related4(struct __sk_buff *skb, const struct flow *flow, __u8 *side,
						 bool from_target)
{
	struct iphdr ip;
	__be16 l4[4] = {};
	__be16 sport;
	__be16 dport;
	bool second;
	struct ct_entry *entry;
	__u32 offset = flow->l4_offset + 8;

	if (bpf_skb_load_bytes(skb, offset, &ip, sizeof(ip)) || ip.version != 4 || ip.ihl < 5)
		return NULL;
	if (ip.saddr != flow->dst.addr[0] || (from_target && ip.daddr != flow->src.addr[0]) ||
	    (ip.frag_off & bpf_htons(IP_OFFSET_MASK)))
		return NULL;
	if (l4_length(ip.protocol) && bpf_skb_load_bytes(skb, offset + ip.ihl * 4, l4, sizeof(l4)))
		return NULL;
	sport = l4[0];
	dport = l4[1];
	if (ip.protocol == IPPROTO_ICMP)
		set_icmp(*(__u8 *)l4, l4[2], IPPROTO_ICMP, &sport, &dport);
	else if (!l4_length(ip.protocol))
		sport = dport = 0;
	entry = find4(ip.saddr, ip.daddr, sport, dport, ip.protocol, &second);
	if (entry)
		*side = side_of(entry, second);
	return entry;
}

static __noinline struct ct_entry *find_related6(struct __sk_buff *skb, const struct flow *flow, __u8 *side,
						 bool from_target)
{
	struct ipv6hdr ip;
	__be16 l4[4] = {};
	__be16 sport;
	__be16 dport;
	bool second;
	struct ct_entry *entry;
	__u32 offset = flow->l4_offset + 8;
	struct ip_key src = {.family = FAMILY_IPV6};
	struct ip_key dst = {.family = FAMILY_IPV6};

	if (bpf_skb_load_bytes(skb, offset, &ip, sizeof(ip)) || ip.version != 6)
		return NULL;
	copy_ipv6(src.addr, &ip.saddr);
	copy_ipv6(dst.addr, &ip.daddr);
	if (!same_ipv6(src.addr, flow->dst.addr) || (from_target && !same_ipv6(dst.addr, flow->src.addr)))
		return NULL;
	if (!l4_length(ip.nexthdr) || bpf_skb_load_bytes(skb, offset + sizeof(ip), l4, sizeof(l4)))
		return NULL;
	sport = l4[0];
	dport = l4[1];
	if (ip.nexthdr == IPPROTO_ICMPV6)
		set_icmp(*(__u8 *)l4, l4[2], IPPROTO_ICMPV6, &sport, &dport);
	entry = find6(src.addr, dst.addr, sport, dport, ip.nexthdr, &second);
	if (entry)
		*side = side_of(entry, second);
	return entry;
}

#define CT_FORBIDDEN (CT_FORBIDDEN_INGRESS | CT_FORBIDDEN_EGRESS)

// A query is no answer, nor an answer a query, where their ids make them look so.
static __always_inline bool is_turned_round(const struct flow *flow, __u8 side)
{
	if ((flow->protocol != IPPROTO_ICMP && flow->protocol != IPPROTO_ICMPV6) || flow->later_fragment)
		return false;
	return side ? is_icmp_query(flow->icmp_type, flow->protocol)
		    : is_icmp_answer(flow->icmp_type, flow->protocol);
}

// What the packet is to its connection. from_pod: its sender is a pod, which routes nothing, so that an error
// of its own is about a packet to it.
static __always_inline void find_connection(struct __sk_buff *skb, const struct flow *flow,
					    struct connection *connection, bool from_pod)
{
	bool second = false;
	struct ct_entry *entry;
	__u8 side = 0;

	connection->entry = NULL;
	connection->now = bpf_ktime_get_coarse_ns();
	connection->state = CT_NEW;
	connection->side = 0;
	if (is_icmp_error(flow)) {
		entry = flow->src.family == FAMILY_IPV4 ? find_related4(skb, flow, &side, from_pod)
							: find_related6(skb, flow, &side, from_pod);
		if (entry && entry->expires > connection->now) {
			connection->entry = entry;
			connection->state = CT_RELATED;
			// Of the packet it is about; the error goes the other way.
			connection->side = !side;
		}
		return;
	}
	entry = flow->src.family == FAMILY_IPV4 ? find4(flow->src.addr[0], flow->dst.addr[0], flow->sport,
							flow->dport, flow->protocol, &second)
						: find6(flow->src.addr, flow->dst.addr, flow->sport,
							flow->dport, flow->protocol, &second);
	if (!entry || entry->expires <= connection->now)
		return;
	// Ports that are used anew, by either end, or by the end that has not been forbidden to.
	if (flow->protocol == IPPROTO_TCP && (flow->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN &&
	    (entry->flags & (CT_CLOSING | CT_CLOSING_REPLY | CT_FORBIDDEN))) {
		connection->state = CT_REOPENED;
		return;
	}
	side = side_of(entry, second);
	if (is_turned_round(flow, side))
		return;
	connection->entry = entry;
	connection->side = side;
	connection->state = connection->side ? CT_REPLY : CT_ESTABLISHED;
}

// Identity of the packet's source or destination, when it is no pod of this node: the connection's, as long
// as no address has changed its identity since.
static __always_inline __u32 peer_identity(const struct flow *flow, const struct connection *connection,
					   const struct ip_key *ip, bool is_source)
{
	struct ct_entry *entry = connection->entry;
	__u32 known;
	__u32 now;
	__u32 generation;

	if (!entry || connection->state == CT_RELATED)
		return identity_of(ip);
	known = is_source != !!connection->side ? entry->src_identity : entry->dst_identity;
	generation = identities_generation();
	if (entry->generation == generation && !flow->explain)
		return known;
	now = identity_of(ip);
	// Where it differs, the verdict that follows decides what the connection has.
	if (now == known && !flow->explain)
		entry->generation = generation;
	return now;
}

static __always_inline __u64 lifetime_ns(const struct ct_entry *entry, __u8 protocol)
{
	__u32 closing = CT_CLOSING | CT_CLOSING_REPLY;

	if (protocol != IPPROTO_TCP)
		return ct_any_ns;
	if ((entry->flags & closing) == closing)
		return ct_close_ns;
	return entry->packets[1] || (entry->flags & CT_SEEN_NON_SYN) ? ct_tcp_ns : ct_syn_ns;
}

// Another packet of a connection. Counters are not exact where two processors count at once; that costs less
// than being exact would.
static __always_inline void touch(struct __sk_buff *skb, const struct flow *flow,
				  const struct connection *connection)
{
	struct ct_entry *entry = connection->entry;

	// An error says nothing of whether the connection lives.
	if (!entry || flow->explain || connection->state == CT_RELATED)
		return;
	// Two constant places instead of a computed one: clang-14 has no bound for the computed.
	if (connection->side) {
		entry->packets[1]++;
		entry->bytes[1] += skb->len;
	} else {
		entry->packets[0]++;
		entry->bytes[0] += skb->len;
	}
	if (flow->protocol == IPPROTO_TCP) {
		__u8 flags = flow->tcp_flags;

		if (connection->side) {
			entry->tcp_flags[1] |= flags;
			if (flags & TCP_FIN)
				entry->flags |= CT_CLOSING_REPLY;
		} else {
			entry->tcp_flags[0] |= flags;
			if (flags & TCP_FIN)
				entry->flags |= CT_CLOSING;
		}
		if (flags & TCP_RST)
			entry->flags |= CT_CLOSING | CT_CLOSING_REPLY;
	}
	entry->expires = connection->now + lifetime_ns(entry, flow->protocol);
}

// Who has judged a connection that begins.
struct judged {
	// CT_INGRESS, CT_EGRESS
	__u32 halves;
	__u32 ingress_policy;
	__u32 egress_policy;
};

// 0, or why the packet ends. The first packet is counted.
CHECKED_ONCE int create(struct __sk_buff *skb, const struct flow *flow, __u64 now,
			const struct judged *judged)
{
	struct ct_entry entry = {.packets = {1, 0}, .bytes = {skb->len, 0}, .reported = {now, 0}};
	bool tcp;
	long failed;

	if (!flow || !judged)
		return DROP_CT_NO_ROOM;
	tcp = flow->protocol == IPPROTO_TCP;
	entry.ingress_policy = judged->ingress_policy;
	entry.egress_policy = judged->egress_policy;
	entry.src_identity = flow->src_identity;
	entry.dst_identity = flow->dst_identity;
	entry.tcp_flags[0] = flow->tcp_flags;
	entry.reported_flags[0] = flow->tcp_flags;
	entry.flags = judged->halves;
	// Identities were looked up before, and may have changed since: the next packet looks again.
	entry.generation = identities_generation() - 1;

	if (tcp && !(flow->tcp_flags & TCP_SYN))
		entry.flags |= CT_SEEN_NON_SYN;
	if (tcp && (flow->tcp_flags & TCP_RST))
		entry.flags |= CT_CLOSING | CT_CLOSING_REPLY;
	else if (tcp && (flow->tcp_flags & TCP_FIN))
		entry.flags |= CT_CLOSING;
	entry.expires = now + lifetime_ns(&entry, flow->protocol);
	if (flow->src.family == FAMILY_IPV4) {
		struct ct_key4 key;

		if (make_key4(&key, flow->src.addr[0], flow->dst.addr[0], flow->sport, flow->dport,
			      flow->protocol))
			entry.flags |= CT_BEGUN_BY_SECOND;
		failed = tcp ? bpf_map_update_elem(&ct4_tcp, &key, &entry, BPF_ANY)
			     : bpf_map_update_elem(&ct4_any, &key, &entry, BPF_ANY);
	} else {
		struct ct_key6 key;

		if (make_key6(&key, flow->src.addr, flow->dst.addr, flow->sport, flow->dport, flow->protocol))
			entry.flags |= CT_BEGUN_BY_SECOND;
		failed = tcp ? bpf_map_update_elem(&ct6_tcp, &key, &entry, BPF_ANY)
			     : bpf_map_update_elem(&ct6_any, &key, &entry, BPF_ANY);
	}
	return failed ? DROP_CT_NO_ROOM : 0;
}

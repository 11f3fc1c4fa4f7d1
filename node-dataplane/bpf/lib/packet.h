// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Headers: checking them, and the two things forwarding changes in them.
#pragma once

#include "kernel.h"
#include "abi.h"

// What a hook knows of a packet once its headers are checked.
struct flow {
	struct ip_key src;
	struct ip_key dst;
	__u32 src_identity;
	__u32 dst_identity;
	// The endpoint whose program runs, and the one the packet is for; 0 for none of this node.
	__u32 source;
	__u32 dst_endpoint;
	// Bytes of the IP header that a route lookup wants.
	__be32 flowinfo;
	// Set by parse_l4. As a ct_key has them: an echo's id is the port of the one who asks.
	__be16 sport;
	__be16 dport;
	// Where the header of the upper protocol is in the frame.
	__u16 l4_offset;
	// 1 << event_type for each that somebody listens to.
	__u16 events;
	__u8 tos;
	// Before parse_l4 as the IP header has it, then that behind extension headers.
	__u8 protocol;
	__u8 ttl;
	__u8 tcp_flags;
	__u8 icmp_type;
	// It has no header of the upper protocol: a later fragment.
	__u8 later_fragment;
	// To be explained: no state is changed for it (see MARK_EXPLAIN).
	__u8 explain;
	__u8 unused;
};

// Where the frame starts and ends. Plain reads are 32 bits wide, and clang may then copy a packet pointer in
// half a register, which the verifier takes for a number.
static __always_inline void *packet_start(struct __sk_buff *skb)
{
	void *start;

	asm volatile("%0 = *(u32 *)(%1 + %2)"
		     : "=r"(start)
		     : "r"(skb), "i"(offsetof(struct __sk_buff, data)));
	return start;
}

static __always_inline void *packet_end(struct __sk_buff *skb)
{
	void *end;

	asm volatile("%0 = *(u32 *)(%1 + %2)"
		     : "=r"(end)
		     : "r"(skb), "i"(offsetof(struct __sk_buff, data_end)));
	return end;
}

// The first bytes of the frame, made readable if they are not yet; NULL when it has fewer.
static __always_inline void *header(struct __sk_buff *skb, __u32 length)
{
	void *data = packet_start(skb);

	if (data + length > packet_end(skb)) {
		if (bpf_skb_pull_data(skb, length))
			return NULL;
		data = packet_start(skb);
		if (data + length > packet_end(skb))
			return NULL;
	}
	return data;
}

static __always_inline void copy_ipv6(__be32 to[4], const struct in6_addr *from)
{
	__builtin_memcpy(to, from, 16);
}

static __always_inline bool same_ipv6(const __be32 a[4], const volatile __be32 b[4])
{
	return a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3];
}

static __always_inline bool parse_ipv4(struct __sk_buff *skb, struct flow *flow)
{
	void *data = header(skb, ETH_HLEN + sizeof(struct iphdr));
	struct iphdr *ip = data + ETH_HLEN;
	__u32 total;

	if (!data)
		return false;
	total = bpf_ntohs(ip->tot_len);
	if (ip->version != 4 || ip->ihl < 5 || total < ip->ihl * 4U || total > skb->len - ETH_HLEN)
		return false;
	flow->src = (struct ip_key){.addr = {ip->saddr}, .family = FAMILY_IPV4};
	flow->dst = (struct ip_key){.addr = {ip->daddr}, .family = FAMILY_IPV4};
	flow->tos = ip->tos;
	flow->protocol = ip->protocol;
	flow->ttl = ip->ttl;
	return true;
}

static __always_inline bool parse_ipv6(struct __sk_buff *skb, struct flow *flow)
{
	void *data = header(skb, ETH_HLEN + sizeof(struct ipv6hdr));
	struct ipv6hdr *ip = data + ETH_HLEN;

	if (!data)
		return false;
	// A payload length of 0 is right for BIG TCP and for a header alone.
	if (ip->version != 6 || bpf_ntohs(ip->payload_len) > skb->len - ETH_HLEN - sizeof(*ip))
		return false;
	flow->src.family = FAMILY_IPV6;
	flow->dst.family = FAMILY_IPV6;
	flow->flowinfo = *(__be32 *)ip & bpf_htonl(0x0fffffff);
	flow->protocol = ip->nexthdr;
	flow->ttl = ip->hop_limit;
	copy_ipv6(flow->src.addr, &ip->saddr);
	copy_ipv6(flow->dst.addr, &ip->daddr);
	return true;
}

// Fills in what the IP header says of a flow that begin() has prepared; false when the header is cut short or
// contradicts itself. The frame must be IPv4 or IPv6.
static __always_inline bool parse(struct __sk_buff *skb, struct flow *flow)
{
	return skb->protocol == bpf_htons(ETH_P_IP) ? parse_ipv4(skb, flow) : parse_ipv6(skb, flow);
}

static __always_inline bool is_ip(struct __sk_buff *skb)
{
	__u32 protocol = skb->protocol;

	return !skb->vlan_present && (protocol == bpf_htons(ETH_P_IP) || protocol == bpf_htons(ETH_P_IPV6));
}

// Multicast of either family, or the IPv4 limited broadcast.
static __always_inline bool is_group(const struct ip_key *ip)
{
	if (ip->family == FAMILY_IPV6)
		return (ip->addr[0] & bpf_htonl(0xff000000)) == bpf_htonl(0xff000000);
	return (ip->addr[0] & bpf_htonl(0xf0000000)) == bpf_htonl(0xe0000000) || ip->addr[0] == 0xffffffff;
}

static __always_inline bool is_link_local(const struct ip_key *ip)
{
	return ip->family == FAMILY_IPV6 && (ip->addr[0] & bpf_htonl(0xffc00000)) == bpf_htonl(0xfe800000);
}

static __always_inline bool is_unspecified(const struct ip_key *ip)
{
	return !(ip->addr[0] | ip->addr[1] | ip->addr[2] | ip->addr[3]);
}

// One hop less. The header checksum changes by as much (RFC 1624).
static __always_inline bool decrement_ttl(struct __sk_buff *skb, enum ip_family family)
{
	void *data = packet_start(skb);
	void *end = packet_end(skb);

	if (family == FAMILY_IPV4) {
		struct iphdr *ip = data + ETH_HLEN;
		__u32 check;

		if ((void *)(ip + 1) > end)
			return false;
		check = ip->check + bpf_htons(0x0100);
		ip->check = check + (check >= 0xffff);
		ip->ttl--;
	} else {
		struct ipv6hdr *ip = data + ETH_HLEN;

		if ((void *)(ip + 1) > end)
			return false;
		ip->hop_limit--;
	}
	return true;
}

static __always_inline bool set_macs(struct __sk_buff *skb, const __u8 *to, const __u8 *from)
{
	struct ethhdr *eth = packet_start(skb);

	if ((void *)(eth + 1) > packet_end(skb))
		return false;
	__builtin_memcpy(eth->h_dest, to, ETH_ALEN);
	if (from)
		__builtin_memcpy(eth->h_source, from, ETH_ALEN);
	return true;
}

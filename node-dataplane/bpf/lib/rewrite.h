// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Giving a packet, or the packet an ICMP error quotes, another address and port, with every checksum that
// covers them (RFC 1624). What the device completes later (CHECKSUM_PARTIAL) and what it has summed up
// already (CHECKSUM_COMPLETE) stays right too.
#pragma once

#include "l4.h"
#include "packet.h"

#define TCP_CHECK  16
#define UDP_CHECK  6
#define ICMP_CHECK 2
#define ICMP_ID	   4

// One end of a packet, before or after.
struct end {
	__be32 addr[4];
	__be16 port;
	// enum nat_flags, when it is what a mapping says.
	__u16 flags;
};

static __always_inline bool same_end(const struct end *end, const __be32 addr[4], __be16 port)
{
	return end->port == port && same_ipv6(end->addr, addr);
}

static __always_inline __u16 fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

// A checksum once what it covers has changed by difference.
static __always_inline __u16 changed_check(__u16 check, __u32 difference)
{
	return ~fold((__u64)(__u16)~check + difference);
}

// What a sum grows by when a word becomes another; 16 bits count as the lower half of one.
static __always_inline __u32 difference(__u32 from, __u32 to)
{
	__u64 sum = (__u64)(__u32)~from + to;

	return (sum & 0xffffffff) + (sum >> 32);
}

static __always_inline __u32 add(__u32 a, __u32 b)
{
	__u64 sum = (__u64)a + b;

	return (sum & 0xffffffff) + (sum >> 32);
}

// Where the checksum is in the header of a protocol, 0 when it has none that can be changed.
static __always_inline __u32 check_place(__u8 protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return TCP_CHECK;
	case IPPROTO_UDP:
		return UDP_CHECK;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return ICMP_CHECK;
	default:
		return 0;
	}
}

static __always_inline __u32 port_place(__u8 protocol, bool source)
{
	if (protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6)
		return ICMP_ID;
	return source ? 0 : 2;
}

// Of IPv4 the two places cancel each other out in what a device has summed up; of IPv6 there is only one.
static __always_inline int store_address(struct __sk_buff *skb, enum ip_family family, bool source,
					 const __be32 from[4], const __be32 to[4])
{
	struct iphdr *ip;

	if (family == FAMILY_IPV6)
		return bpf_skb_store_bytes(skb,
					   ETH_HLEN + (source ? offsetof(struct ipv6hdr, saddr)
							      : offsetof(struct ipv6hdr, daddr)),
					   to, 16, BPF_F_RECOMPUTE_CSUM);
	ip = packet_start(skb) + ETH_HLEN;
	if ((void *)(ip + 1) > packet_end(skb))
		return -1;
	ip->check = changed_check(ip->check, difference(from[0], to[0]));
	if (source)
		ip->saddr = to[0];
	else
		ip->daddr = to[0];
	return 0;
}

// Gives a packet another source or destination; ports that are equal stay whatever they are. flow stays as it
// is. Not 0 when the packet cannot be changed, and is then fit for nothing.
static __noinline int rewrite(struct __sk_buff *skb, const struct flow *flow, bool source, __be16 port,
			      const struct end *to)
{
	enum ip_family family = flow->src.family;
	const __be32 *from = source ? flow->src.addr : flow->dst.addr;
	__u32 check = flow->later_fragment ? 0 : check_place(flow->protocol);
	__u32 flags = flow->protocol == IPPROTO_UDP ? BPF_F_MARK_MANGLED_0 : 0;

	if (check) {
		__u32 at = flow->l4_offset + check;

		if (family == FAMILY_IPV6) {
			__s64 sum = bpf_csum_diff((__be32 *)from, 16, (__be32 *)to->addr, 16, 0);

			if (bpf_l4_csum_replace(skb, at, 0, sum, flags | BPF_F_PSEUDO_HDR))
				return -1;
		} else if (flow->protocol != IPPROTO_ICMP &&
			   bpf_l4_csum_replace(skb, at, from[0], to->addr[0], flags | BPF_F_PSEUDO_HDR | 4)) {
			return -1;
		}
		if (port != to->port) {
			__u32 place = flow->l4_offset + port_place(flow->protocol, source);

			if (bpf_l4_csum_replace(skb, at, port, to->port, flags | 2) ||
			    bpf_skb_store_bytes(skb, place, &to->port, 2, 0))
				return -1;
		}
	}
	return store_address(skb, family, source, from, to->addr);
}

// The packet that an ICMP error is about: where its headers are in the frame.
struct quote {
	__u32 ip;
	__u32 l4;
	// Where the quoted part ends.
	__u32 end;
	__u8 protocol;
	// Which end of it is to change.
	__u8 source;
};

// Where the IP packet in the frame ends: behind it may be padding.
static __always_inline __u32 packet_length(struct __sk_buff *skb, enum ip_family family)
{
	__be16 length = 0;

	if (family == FAMILY_IPV4) {
		bpf_skb_load_bytes(skb, ETH_HLEN + offsetof(struct iphdr, tot_len), &length, 2);
		return ETH_HLEN + bpf_ntohs(length);
	}
	bpf_skb_load_bytes(skb, ETH_HLEN + offsetof(struct ipv6hdr, payload_len), &length, 2);
	return ETH_HLEN + sizeof(struct ipv6hdr) + bpf_ntohs(length);
}

// Gives the quoted packet another end, and the error the checksum for it. Not 0 as rewrite.
static __noinline int rewrite_quote(struct __sk_buff *skb, const struct flow *flow, const struct quote *quote,
				    const struct end *from, const struct end *to)
{
	bool source = quote->source;
	bool ipv6 = flow->src.family == FAMILY_IPV6;
	__u32 address = ipv6 ? bpf_csum_diff((__be32 *)from->addr, 16, (__be32 *)to->addr, 16, 0)
			     : difference(from->addr[0], to->addr[0]);
	__u32 place = check_place(quote->protocol);
	__u32 at;
	__u16 check;
	__u16 old;
	__u32 sum;

	// By as much as the sum over the quoted bytes grows.
	sum = 0;
	if (ipv6) {
		at = quote->ip + (source ? offsetof(struct ipv6hdr, saddr) : offsetof(struct ipv6hdr, daddr));
		if (bpf_skb_store_bytes(skb, at, to->addr, 16, 0))
			return -1;
		sum = address;
	} else {
		at = quote->ip + offsetof(struct iphdr, check);
		if (bpf_skb_load_bytes(skb, at, &old, 2))
			return -1;
		check = changed_check(old, address);
		if (bpf_skb_store_bytes(skb, at, &check, 2, 0))
			return -1;
		sum = add(address, difference(old, check));
		at = quote->ip + (source ? offsetof(struct iphdr, saddr) : offsetof(struct iphdr, daddr));
		if (bpf_skb_store_bytes(skb, at, to->addr, 4, 0))
			return -1;
	}
	if (place) {
		__u32 port = difference(from->port, to->port);

		at = quote->l4 + place;
		// Of TCP often only the first 8 bytes are quoted.
		if (at + 2 <= quote->end && !bpf_skb_load_bytes(skb, at, &old, 2) &&
		    (old || quote->protocol != IPPROTO_UDP)) {
			check = changed_check(old,
					      quote->protocol == IPPROTO_ICMP ? port : add(address, port));
			if (!check && quote->protocol == IPPROTO_UDP)
				check = 0xffff;
			if (bpf_skb_store_bytes(skb, at, &check, 2, 0))
				return -1;
			sum = add(sum, difference(old, check));
		}
		if (from->port != to->port) {
			at = quote->l4 + port_place(quote->protocol, source);
			if (bpf_skb_store_bytes(skb, at, &to->port, 2, 0))
				return -1;
			sum = add(sum, port);
		}
	}
	return bpf_l4_csum_replace(skb, flow->l4_offset + ICMP_CHECK, 0, sum, 0);
}

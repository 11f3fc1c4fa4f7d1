// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// ICMP errors (RFC 792, RFC 4443): a packet becomes the error about itself and goes back where it came from.
// Never about an ICMP error, a later fragment, or to a sender that is not one host.
#pragma once

#include "checksum.h"
#include "config.h"
#include "identity.h"
#include "l4.h"
#include "metrics.h"

// An error in both families; the lowest byte is the code, the next the type, the upper half an MTU if it
// names one.
struct icmp_error {
	__u32 ipv4;
	__u32 ipv6;
};

#define ICMP_ERROR(type, code) ((type) << 8 | (code))

static const struct icmp_error TIME_EXCEEDED = {ICMP_ERROR(11, 0), ICMP_ERROR(3, 0)};
static const struct icmp_error NET_UNREACHABLE = {ICMP_ERROR(3, 0), ICMP_ERROR(1, 0)};
static const struct icmp_error HOST_UNREACHABLE = {ICMP_ERROR(3, 1), ICMP_ERROR(1, 3)};

static __always_inline struct icmp_error fragmentation_needed(__u32 mtu)
{
	return (struct icmp_error){mtu << 16 | ICMP_ERROR(3, 4), mtu << 16 | ICMP_ERROR(2, 0)};
}

// How much of the packet the error quotes, at most: its headers and what the sender finds its socket by.
#define QUOTE_IPV4 68
#define QUOTE_IPV6 88

struct icmp_header {
	__u8 type;
	__u8 code;
	__be16 check;
	// Unused but in fragmentation needed.
	__be32 mtu;
};

struct icmp4_body {
	struct icmp_header icmp;
	__u8 quote[QUOTE_IPV4];
};

struct icmp6_checked {
	__be32 src[4];
	__be32 dst[4];
	__be32 length;
	__be32 protocol;
	struct icmp_header icmp;
	__u8 quote[QUOTE_IPV6];
};

static __always_inline void *scratch_room(void)
{
	__u32 zero = 0;

	_Static_assert(sizeof(struct icmp6_checked) <= sizeof(struct scratch), "an error fits");
	return bpf_map_lookup_elem(&scratch, &zero);
}

static __always_inline bool is_one_host_ipv4(__be32 address)
{
	__u8 first = bpf_ntohl(address) >> 24;

	return first != 0 && first != 127 && first < 224;
}

static __always_inline bool is_error_ipv4(__u8 type)
{
	return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

// Room for the headers is what was added in front and the Ethernet header of old.
static __always_inline bool replace_headers(struct __sk_buff *skb, struct ethhdr *eth, __u32 added,
					    __u32 quoted)
{
	struct ethhdr back = {.h_proto = eth->h_proto};

	__builtin_memcpy(back.h_dest, eth->h_source, ETH_ALEN);
	__builtin_memcpy(back.h_source, eth->h_dest, ETH_ALEN);
	return !bpf_skb_change_tail(skb, ETH_HLEN + quoted, 0) && !bpf_skb_change_head(skb, added, 0) &&
	       !bpf_skb_store_bytes(skb, 0, &back, sizeof(back), 0);
}

CHECKED_ONCE int become_error_ipv4(struct __sk_buff *skb, __u32 error)
{
	void *data = packet_start(skb);
	struct ethhdr *eth = data;
	struct iphdr *ip = data + ETH_HLEN;
	struct icmp4_body *body = scratch_room();
	struct iphdr back = {.version = 4, .ihl = 5, .tos = 0xc0, .ttl = 64, .protocol = IPPROTO_ICMP};
	__u32 quoted;

	if (!body || (void *)(ip + 1) > packet_end(skb))
		return -1;
	*body = (struct icmp4_body){
		.icmp = {.type = error >> 8, .code = error, .mtu = bpf_htonl(error >> 16)},
	};
	if (!router_ipv4 || !is_one_host_ipv4(ip->saddr) || (ip->frag_off & bpf_htons(0x1fff)))
		return -1;
	// Without this bit the sender expects fragments, and could do nothing about the answer.
	if (body->icmp.mtu && !(ip->frag_off & bpf_htons(0x4000)))
		return -1;
	if (ip->protocol == IPPROTO_ICMP) {
		__u8 type;

		if (bpf_skb_load_bytes(skb, ETH_HLEN + ip->ihl * 4, &type, 1) || is_error_ipv4(type))
			return -1;
	}
	quoted = bpf_ntohs(ip->tot_len);
	if (quoted > QUOTE_IPV4)
		quoted = QUOTE_IPV4;
	if (quoted < sizeof(*ip) || bpf_skb_load_bytes(skb, ETH_HLEN, body->quote, quoted))
		return -1;
	body->icmp.check = checksum(body, sizeof(*body));
	back.saddr = router_ipv4;
	back.daddr = ip->saddr;
	back.tot_len = bpf_htons(sizeof(back) + sizeof(struct icmp_header) + quoted);
	back.check = checksum(&back, sizeof(back));
	if (!replace_headers(skb, eth, sizeof(back) + sizeof(struct icmp_header), quoted) ||
	    bpf_skb_store_bytes(skb, ETH_HLEN, &back, sizeof(back), 0) ||
	    bpf_skb_store_bytes(skb, ETH_HLEN + sizeof(back), &body->icmp, sizeof(struct icmp_header), 0))
		return -1;
	return 0;
}

// True for what RFC 4443 section 2.4 (e) forbids to answer: ICMPv6 errors and redirects, and what cannot be
// told from one.
static __always_inline bool is_unanswerable_ipv6(struct __sk_buff *skb, __u8 protocol)
{
	__u32 offset = ETH_HLEN + sizeof(struct ipv6hdr);
	__u8 extension[4];

	for (int i = 0; i < EXTENSION_HEADERS; i++) {
		switch (protocol) {
		case IPPROTO_ICMPV6:
			return bpf_skb_load_bytes(skb, offset, extension, 1) || extension[0] < 128 ||
			       extension[0] == 137;
		case IPPROTO_HOPOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_DSTOPTS:
			if (bpf_skb_load_bytes(skb, offset, extension, 2))
				return true;
			offset += (extension[1] + 1) * 8;
			break;
		case IPPROTO_FRAGMENT:
			if (bpf_skb_load_bytes(skb, offset, extension, 4) || extension[2] ||
			    extension[3] & 0xf8)
				return true;
			offset += 8;
			break;
		default:
			return false;
		}
		protocol = extension[0];
	}
	return true;
}

CHECKED_ONCE int become_error_ipv6(struct __sk_buff *skb, __u32 error)
{
	void *data = packet_start(skb);
	struct ethhdr *eth = data;
	struct ipv6hdr *ip = data + ETH_HLEN;
	struct icmp6_checked *body = scratch_room();
	struct ipv6hdr back = {.version = 6, .nexthdr = IPPROTO_ICMPV6, .hop_limit = 64};
	__u32 quoted;
	__u32 payload;

	if (!body || (void *)(ip + 1) > packet_end(skb))
		return -1;
	*body = (struct icmp6_checked){
		.icmp = {.type = error >> 8, .code = error, .mtu = bpf_htonl(error >> 16)},
	};
	if (!has_router_ipv6 || !(ip->saddr.s6_addr32[0] | ip->saddr.s6_addr32[1] | ip->saddr.s6_addr32[2] |
				  ip->saddr.s6_addr32[3]))
		return -1;
	if (ip->saddr.s6_addr[0] == 0xff || is_unanswerable_ipv6(skb, ip->nexthdr))
		return -1;
	quoted = sizeof(*ip) + bpf_ntohs(ip->payload_len);
	if (quoted > QUOTE_IPV6)
		quoted = QUOTE_IPV6;
	if (quoted < sizeof(*ip) || bpf_skb_load_bytes(skb, ETH_HLEN, body->quote, quoted))
		return -1;
	payload = sizeof(struct icmp_header) + quoted;
	copy_router_ipv6(body->src);
	copy_ipv6(body->dst, &ip->saddr);
	body->length = bpf_htonl(payload);
	body->protocol = bpf_htonl(IPPROTO_ICMPV6);
	body->icmp.check = checksum(body, sizeof(*body));
	back.payload_len = bpf_htons(payload);
	__builtin_memcpy(&back.saddr, body->src, 16);
	__builtin_memcpy(&back.daddr, body->dst, 16);
	if (!replace_headers(skb, eth, sizeof(back) + sizeof(struct icmp_header), quoted) ||
	    bpf_skb_store_bytes(skb, ETH_HLEN, &back, sizeof(back), 0) ||
	    bpf_skb_store_bytes(skb, ETH_HLEN + sizeof(back), &body->icmp, sizeof(struct icmp_header), 0))
		return -1;
	return 0;
}

// Drops the packet, and tells its sender if it may be told.
static __always_inline int drop_and_tell(struct __sk_buff *skb, const struct flow *flow,
					 struct icmp_error error, enum drop_reason reason,
					 enum direction direction)
{
	int failed;

	// Counted first, and by drop(): the packet that ends is this one, the error is another.
	int verdict = drop(skb, flow, reason, direction);

	if (flow->explain)
		return verdict;
	failed = flow->dst.family == FAMILY_IPV4 ? become_error_ipv4(skb, error.ipv4)
						 : become_error_ipv6(skb, error.ipv6);
	if (failed)
		return verdict;
	skb->mark = MARK_HOST;
	return bpf_redirect(skb->ifindex, 0);
}

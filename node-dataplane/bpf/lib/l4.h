// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// The header behind the IP header: ports, or what stands for them, also of fragments and behind IPv6
// extension headers.
#pragma once

#include "maps.h"
#include "packet.h"

#define ICMP_ECHO_REPLY	     0
#define ICMP_ECHO_REQUEST    8
#define ICMP_TIMESTAMP	     13
#define ICMP_TIMESTAMP_REPLY 14
#define ICMPV6_ECHO_REQUEST  128
#define ICMPV6_ECHO_REPLY    129

#define TCP_FIN		 0x01
#define TCP_SYN		 0x02
#define TCP_RST		 0x04
#define TCP_ACK		 0x10
#define TCP_FLAGS_OFFSET 13

#define IP_OFFSET_MASK	  0x1fff
#define IP_MORE_FRAGMENTS 0x2000

// Longest chain of IPv6 extension headers that is followed.
#define EXTENSION_HEADERS 6

// RFC 8200 section 4, RFC 4302.
#define IPPROTO_NO_NEXT_HEADER 59

// What a header needs at least, 0 when it is not looked into.
static __always_inline __u32 l4_length(__u8 protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return 20;
	case IPPROTO_UDP:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 8;
	case IPPROTO_SCTP:
		return 12;
	default:
		return 0;
	}
}

static __always_inline bool is_icmp_error(const struct flow *flow)
{
	__u8 type = flow->icmp_type;

	// What is in place of its header is data.
	if (flow->later_fragment)
		return false;
	if (flow->protocol == IPPROTO_ICMP && flow->src.family == FAMILY_IPV4)
		return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
	return flow->protocol == IPPROTO_ICMPV6 && flow->src.family == FAMILY_IPV6 && type < 128;
}

static __always_inline bool is_icmp_query(__u8 type, __u8 protocol)
{
	return protocol == IPPROTO_ICMP ? type == ICMP_ECHO_REQUEST || type == ICMP_TIMESTAMP
					: type == ICMPV6_ECHO_REQUEST;
}

static __always_inline bool is_icmp_answer(__u8 type, __u8 protocol)
{
	return protocol == IPPROTO_ICMP ? type == ICMP_ECHO_REPLY || type == ICMP_TIMESTAMP_REPLY
					: type == ICMPV6_ECHO_REPLY;
}

// Whose port the id of a query of ICMP is: the asker's. The other port keeps types apart, since each has a
// verdict of its own: 0 of an echo, 13 of a timestamp; both are the type of what has no id.
static __always_inline void set_icmp(__u8 type, __be16 id, __u8 protocol, __be16 *sport, __be16 *dport)
{
	bool timestamp = protocol == IPPROTO_ICMP && (type == ICMP_TIMESTAMP || type == ICMP_TIMESTAMP_REPLY);
	bool asks = is_icmp_query(type, protocol);
	bool answers = is_icmp_answer(type, protocol);
	__be16 kind = bpf_htons(timestamp ? ICMP_TIMESTAMP : asks || answers ? 0 : type);

	*sport = asks ? id : kind;
	*dport = answers ? id : kind;
}

// l4 is the first 8 bytes of the header.
static __always_inline void set_ports(struct flow *flow, const void *l4)
{
	switch (flow->protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
		flow->sport = ((const __be16 *)l4)[0];
		flow->dport = ((const __be16 *)l4)[1];
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		flow->icmp_type = *(const __u8 *)l4;
		set_icmp(flow->icmp_type, ((const __be16 *)l4)[2], flow->protocol, &flow->sport,
			 &flow->dport);
		break;
	default:
		break;
	}
}

struct fragment {
	__be32 id;
	// In units of 8 bytes.
	__u16 offset;
	__u8 more;
	__u8 is;
};

// Looks behind extension headers of IPv6 (RFC 8200 section 4). 0, or why the packet ends.
static __always_inline int skip_extensions(struct __sk_buff *skb, struct flow *flow,
					   struct fragment *fragment)
{
	__u8 protocol = flow->protocol;
	__u32 offset = ETH_HLEN + sizeof(struct ipv6hdr);
	__u8 extension[8];

	for (int i = 0; i <= EXTENSION_HEADERS; i++) {
		if (protocol != IPPROTO_HOPOPTS && protocol != IPPROTO_ROUTING &&
		    protocol != IPPROTO_DSTOPTS && protocol != IPPROTO_FRAGMENT && protocol != IPPROTO_AH) {
			flow->protocol = protocol;
			flow->l4_offset = offset;
			return 0;
		}
		// What is behind the header of a later fragment is data of the first's.
		if (fragment->is && fragment->offset)
			return DROP_INVALID_EXTENSION_HEADER;
		if (bpf_skb_load_bytes(skb, offset, extension, sizeof(extension)))
			return DROP_INVALID_EXTENSION_HEADER;
		if (protocol == IPPROTO_FRAGMENT) {
			__u16 place = (__u16)extension[2] << 8 | extension[3];

			if (fragment->is)
				return DROP_INVALID_EXTENSION_HEADER;
			fragment->is = 1;
			fragment->offset = place >> 3;
			fragment->more = place & 1;
			__builtin_memcpy(&fragment->id, extension + 4, 4);
			offset += 8;
			if (fragment->offset) {
				flow->protocol = extension[0];
				flow->l4_offset = offset;
				return 0;
			}
		} else if (protocol == IPPROTO_AH) {
			offset += (extension[1] + 2) * 4;
		} else {
			offset += (extension[1] + 1) * 8;
		}
		protocol = extension[0];
	}
	return DROP_INVALID_EXTENSION_HEADER;
}

// Ports of a datagram in fragments: the first names them to the later ones. 0, or why the packet ends.
static __always_inline int fragment_ports(struct flow *flow, const struct fragment *fragment)
{
	struct fragment_key key = {
		.id = fragment->id, .family = flow->src.family, .protocol = flow->protocol};
	struct fragment_ports ports = {flow->sport, flow->dport};
	struct fragment_ports *known;

	__builtin_memcpy(key.src, flow->src.addr, 16);
	__builtin_memcpy(key.dst, flow->dst.addr, 16);
	if (!fragment->offset) {
		if (!flow->explain)
			bpf_map_update_elem(&fragments, &key, &ports, BPF_ANY);
		return 0;
	}
	flow->later_fragment = 1;
	if (!l4_length(flow->protocol))
		return 0;
	known = bpf_map_lookup_elem(&fragments, &key);
	if (!known)
		return DROP_FRAGMENT_NOT_FOUND;
	flow->sport = known->sport;
	flow->dport = known->dport;
	// An error is one packet to its connection only when it is whole: its fragments go by what it says.
	return 0;
}

// For whatever the short way cannot do. 0, or why the packet ends.
CHECKED_ONCE int parse_l4_slowly(struct __sk_buff *skb, struct flow *flow)
{
	struct fragment fragment = {};
	__u8 l4[TCP_FLAGS_OFFSET + 1] = {};
	__u32 end;
	__u32 needed;

	if (!flow)
		return DROP_INVALID_PACKET;
	if (flow->src.family == FAMILY_IPV4) {
		struct iphdr ip;
		__u16 place;

		if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)))
			return DROP_INVALID_PACKET;
		place = bpf_ntohs(ip.frag_off);
		flow->l4_offset = ETH_HLEN + ip.ihl * 4;
		end = ETH_HLEN + bpf_ntohs(ip.tot_len);
		fragment.offset = place & IP_OFFSET_MASK;
		fragment.more = !!(place & IP_MORE_FRAGMENTS);
		fragment.is = fragment.offset || fragment.more;
		fragment.id = ip.id;
	} else {
		int reason = skip_extensions(skb, flow, &fragment);
		__be16 payload = 0;

		if (reason)
			return reason;
		bpf_skb_load_bytes(skb, ETH_HLEN + offsetof(struct ipv6hdr, payload_len), &payload, 2);
		// Segments that a device will cut may be too long for the field, which is 0 then (BIG TCP).
		end = payload || !skb->gso_size ? ETH_HLEN + sizeof(struct ipv6hdr) + bpf_ntohs(payload)
						: skb->len;
	}
	needed = fragment.offset ? 0 : l4_length(flow->protocol);
	// Headers that begin in padding are not those the receiver will find in the next fragment (RFC 7112).
	if (flow->l4_offset + needed > end)
		return DROP_CT_INVALID_HEADER;
	if (fragment.offset)
		return fragment_ports(flow, &fragment);
	if (needed) {
		if (bpf_skb_load_bytes(skb, flow->l4_offset, l4,
				       flow->protocol == IPPROTO_TCP ? sizeof(l4) : 8))
			return DROP_CT_INVALID_HEADER;
		set_ports(flow, l4);
		if (flow->protocol == IPPROTO_TCP)
			flow->tcp_flags = l4[TCP_FLAGS_OFFSET];
	}
	return fragment.is ? fragment_ports(flow, &fragment) : 0;
}

// Fills in protocol, ports and what else the upper header says; parse() must have been right. 0, or why the
// packet ends. Most packets have no option, no extension and all of their headers at hand.
static __always_inline int parse_l4(struct __sk_buff *skb, struct flow *flow)
{
	void *data = packet_start(skb);
	void *end = packet_end(skb);
	void *l4;

	if (flow->src.family == FAMILY_IPV4) {
		struct iphdr *ip = data + ETH_HLEN;

		l4 = ip + 1;
		if (l4 + 8 > end || ip->ihl != 5 ||
		    (ip->frag_off & bpf_htons(IP_OFFSET_MASK | IP_MORE_FRAGMENTS)) ||
		    bpf_ntohs(ip->tot_len) < sizeof(*ip) + l4_length(ip->protocol))
			return parse_l4_slowly(skb, flow);
		flow->l4_offset = ETH_HLEN + sizeof(*ip);
	} else {
		struct ipv6hdr *ip = data + ETH_HLEN;

		l4 = ip + 1;
		if (l4 + 8 > end ||
		    (flow->protocol != IPPROTO_TCP && flow->protocol != IPPROTO_UDP &&
		     flow->protocol != IPPROTO_ICMPV6) ||
		    bpf_ntohs(ip->payload_len) < l4_length(flow->protocol))
			return parse_l4_slowly(skb, flow);
		flow->l4_offset = ETH_HLEN + sizeof(*ip);
	}
	if (flow->protocol == IPPROTO_TCP) {
		if (l4 + TCP_FLAGS_OFFSET + 1 > end || flow->l4_offset + 20 > skb->len)
			return parse_l4_slowly(skb, flow);
		flow->tcp_flags = *(__u8 *)(l4 + TCP_FLAGS_OFFSET);
	}
	set_ports(flow, l4);
	return 0;
}

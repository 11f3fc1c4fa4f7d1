// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// IPv6 neighbour discovery of pods (RFC 4861): solicitations for the gateway are answered, by its address and
// by fe80::1; all other messages end here, since a pod has no neighbours.
#pragma once

#include "checksum.h"
#include "config.h"
#include "identity.h"
#include "metrics.h"

#define ND_ROUTER_SOLICITATION	   133
#define ND_NEIGHBOUR_SOLICITATION  135
#define ND_NEIGHBOUR_ADVERTISEMENT 136
#define ND_REDIRECT		   137

// Flags of an advertisement: from a router, solicited, overrides.
#define ND_ROUTER    0x80000000
#define ND_SOLICITED 0x40000000
#define ND_OVERRIDE  0x20000000

#define ND_OPTION_TARGET_MAC 2

struct neighbour_message {
	__u8 type;
	__u8 code;
	__be16 check;
	__be32 flags;
	__be32 target[4];
};
_Static_assert(sizeof(struct neighbour_message) == 24, "a solicitation without options is 24 bytes");

struct advertisement {
	struct neighbour_message message;
	__u8 option_type;
	__u8 option_length;
	__u8 mac[6];
};
_Static_assert(sizeof(struct advertisement) == 32, "an advertisement with one option is 32 bytes");

// What an ICMPv6 checksum covers (RFC 8200 section 8.1).
struct advertisement_checked {
	__be32 src[4];
	__be32 dst[4];
	__be32 length;
	__be32 protocol;
	struct advertisement body;
};

#define ADVERTISEMENT_LENGTH (ETH_HLEN + sizeof(struct ipv6hdr) + sizeof(struct advertisement))

static __always_inline bool is_neighbour_discovery(__u8 type)
{
	return type >= ND_ROUTER_SOLICITATION && type <= ND_REDIRECT;
}

static __always_inline bool is_gateway(const __be32 target[4])
{
	if (target[0] == bpf_htonl(0xfe800000) && !target[1] && !target[2] && target[3] == bpf_htonl(1))
		return true;
	return same_ipv6(target, router_ipv6);
}

static __noinline int answer_nd(struct __sk_buff *skb, const struct interface *iface, const struct flow *flow)
{
	void *data = header(skb, ETH_HLEN + sizeof(struct ipv6hdr) + sizeof(struct neighbour_message));
	struct neighbour_message *asked = data + ETH_HLEN + sizeof(struct ipv6hdr);
	struct advertisement_checked answer = {};
	struct ipv6hdr ip = {
		.version = 6,
		.payload_len = bpf_htons(sizeof(struct advertisement)),
		.nexthdr = IPPROTO_ICMPV6,
		.hop_limit = 255,
	};
	struct ethhdr eth = {.h_proto = bpf_htons(ETH_P_IPV6)};

	if (!data)
		return drop(skb, flow, DROP_INVALID_PACKET, DIRECTION_EGRESS);
	if (asked->type != ND_NEIGHBOUR_SOLICITATION || asked->code != 0 || flow->ttl != 255 ||
	    !has_router_ipv6 || is_unspecified(&flow->src) || !is_gateway(asked->target))
		return drop(skb, flow, DROP_FORBIDDEN_ICMPV6, DIRECTION_EGRESS);
	if (!is_link_local(&flow->src) &&
	    !((iface->flags & INTERFACE_IPV6) && same_ipv6(flow->src.addr, iface->ipv6)))
		return drop(skb, flow, DROP_INVALID_SOURCE_IP, DIRECTION_EGRESS);

	__builtin_memcpy(answer.src, asked->target, 16);
	__builtin_memcpy(answer.dst, flow->src.addr, 16);
	answer.length = bpf_htonl(sizeof(struct advertisement));
	answer.protocol = bpf_htonl(IPPROTO_ICMPV6);
	answer.body.message.type = ND_NEIGHBOUR_ADVERTISEMENT;
	answer.body.message.flags = bpf_htonl(ND_ROUTER | ND_SOLICITED | ND_OVERRIDE);
	__builtin_memcpy(answer.body.message.target, answer.src, 16);
	answer.body.option_type = ND_OPTION_TARGET_MAC;
	answer.body.option_length = 1;
	__builtin_memcpy(answer.body.mac, iface->node_mac, ETH_ALEN);
	answer.body.message.check = checksum(&answer, sizeof(answer));
	__builtin_memcpy(&ip.saddr, answer.src, 16);
	__builtin_memcpy(&ip.daddr, answer.dst, 16);
	__builtin_memcpy(eth.h_dest, iface->mac, ETH_ALEN);
	__builtin_memcpy(eth.h_source, iface->node_mac, ETH_ALEN);

	if (bpf_skb_change_tail(skb, ADVERTISEMENT_LENGTH, 0) ||
	    bpf_skb_store_bytes(skb, 0, &eth, sizeof(eth), 0) ||
	    bpf_skb_store_bytes(skb, ETH_HLEN, &ip, sizeof(ip), 0) ||
	    bpf_skb_store_bytes(skb, ETH_HLEN + sizeof(ip), &answer.body, sizeof(answer.body), 0))
		return drop(skb, flow, DROP_WRITE_ERROR, DIRECTION_EGRESS);
	skb->mark = MARK_HOST;
	return bpf_redirect(skb->ifindex, 0);
}

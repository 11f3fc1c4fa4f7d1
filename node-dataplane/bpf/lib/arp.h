// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// ARP of pods: one question is answered, "who has the gateway's address".
#pragma once

#include "config.h"
#include "identity.h"
#include "metrics.h"

// ARP for IPv4 over Ethernet (RFC 826), behind the Ethernet header.
struct arp {
	__be16 hardware;
	__be16 protocol;
	__u8 hardware_length;
	__u8 protocol_length;
	__be16 operation;
	__u8 sender_mac[6];
	__be32 sender_ip;
	__u8 target_mac[6];
	__be32 target_ip;
} __attribute__((packed));
_Static_assert(sizeof(struct arp) == 28, "ARP for IPv4 is 28 bytes");

static __always_inline int answer_arp(struct __sk_buff *skb, const struct interface *iface,
				      const struct flow *flow)
{
	struct ethhdr *eth = header(skb, ETH_HLEN + sizeof(struct arp));
	struct arp *arp = (void *)eth + ETH_HLEN;
	__be32 pod;

	if (!eth || arp->hardware != bpf_htons(1) || arp->protocol != bpf_htons(ETH_P_IP) ||
	    arp->hardware_length != ETH_ALEN || arp->protocol_length != 4)
		return drop(skb, flow, DROP_INVALID_PACKET, DIRECTION_EGRESS);
	pod = arp->sender_ip;
	if (!(iface->flags & INTERFACE_IPV4) || pod != iface->ipv4)
		return drop(skb, flow, DROP_INVALID_SOURCE_IP, DIRECTION_EGRESS);
	if (arp->operation != bpf_htons(1) || !router_ipv4 || arp->target_ip != router_ipv4)
		return drop(skb, flow, DROP_UNKNOWN_TARGET, DIRECTION_EGRESS);

	__builtin_memcpy(eth->h_dest, iface->mac, ETH_ALEN);
	__builtin_memcpy(eth->h_source, iface->node_mac, ETH_ALEN);
	arp->operation = bpf_htons(2);
	__builtin_memcpy(arp->sender_mac, iface->node_mac, ETH_ALEN);
	arp->sender_ip = router_ipv4;
	__builtin_memcpy(arp->target_mac, iface->mac, ETH_ALEN);
	arp->target_ip = pod;
	skb->mark = MARK_HOST;
	return bpf_redirect(skb->ifindex, 0);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Who is at the other end, and how one hook tells the next.
#pragma once

#include "maps.h"
#include "packet.h"

// The mark of the host's own packets, in the bits Cilium has it: answers of from_container, and what
// from_host has judged. It does not survive leaving the node's namespace, and a pod cannot set it.
#define MARK_MASK 0x0f00
#define MARK_HOST 0x0c00

static __always_inline __u32 identities_generation(void)
{
	__u32 zero = 0;
	__u32 *now = bpf_map_lookup_elem(&generation, &zero);

	return now ? *now : 0;
}

// Unlisted addresses are the world's.
static __always_inline __u32 identity_of(const struct ip_key *ip)
{
	struct ipcache_key key = {
		.prefixlen = 32 + (ip->family == FAMILY_IPV4 ? 32 : 128),
		.family = ip->family,
		.addr = {ip->addr[0], ip->addr[1], ip->addr[2], ip->addr[3]},
	};
	struct ipcache_entry *entry = bpf_map_lookup_elem(&ipcache, &key);

	if (entry && entry->identity != IDENTITY_UNKNOWN)
		return entry->identity;
	return IDENTITY_WORLD;
}

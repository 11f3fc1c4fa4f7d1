// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Who is at the other end, and how one hook tells the next.
#pragma once

#include "maps.h"
#include "packet.h"

// Marks, in the bits and with the meaning Cilium gives them: the host's own packets, and packets with an
// identity (16 bits of it in the upper half, the cluster's 8 in the lowest byte). Marks do not survive
// leaving the node, and a pod cannot set them.
#define MARK_MASK     0x0f00
#define MARK_HOST     0x0c00
#define MARK_IDENTITY 0x0f00

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

static __always_inline __u32 identity_to_mark(__u32 identity)
{
	return MARK_IDENTITY | identity << 16 | ((identity >> 16) & 0xff);
}

static __always_inline __u32 identity_from_mark(__u32 mark)
{
	return mark >> 16 | (mark & 0xff) << 16;
}

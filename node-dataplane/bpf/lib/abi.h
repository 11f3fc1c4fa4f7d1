// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Everything the programs share with the agent. The agent finds fields and numbers by name through BTF, so
// the order here is free; names are not. No struct has a hole: keys are compared byte by byte.
#pragma once

#include <linux/types.h>

enum ip_family {
	FAMILY_IPV4 = 1,
	FAMILY_IPV6 = 2,
};

// An address as a key. An IPv4 address is in addr[0], the rest is zero.
struct ip_key {
	__be32 addr[4];
	enum ip_family family;
};
_Static_assert(sizeof(struct ip_key) == 20, "ip_key has no hole");

enum endpoint_flags {
	// The address is the node's own: packets for it go to the stack.
	ENDPOINT_HOST = 1,
};

struct endpoint {
	__u32 ifindex;
	__u32 id;
	__u32 identity;
	enum endpoint_flags flags;
	__u8 mac[6];
	__u8 node_mac[6];
};
_Static_assert(sizeof(struct endpoint) == 28, "endpoint has no hole");

enum interface_flags {
	INTERFACE_IPV4 = 1,
	INTERFACE_IPV6 = 2,
};

// The pod behind a device. ipv4 and ipv6 count only when their flag is set.
struct interface {
	__u32 id;
	__u32 identity;
	enum interface_flags flags;
	__be32 ipv4;
	__be32 ipv6[4];
	__u8 mac[6];
	__u8 node_mac[6];
};
_Static_assert(sizeof(struct interface) == 44, "interface has no hole");

// prefixlen counts from behind itself: the bits of family, then those of the prefix.
struct ipcache_key {
	__u32 prefixlen;
	enum ip_family family;
	__be32 addr[4];
};
_Static_assert(sizeof(struct ipcache_key) == 24, "ipcache_key has no hole");

// host is the node that has the addresses, host.family 0 when no node has.
struct ipcache_entry {
	__u32 identity;
	struct ip_key host;
};
_Static_assert(sizeof(struct ipcache_entry) == 24, "ipcache_entry has no hole");

struct metric {
	__u64 packets;
	__u64 bytes;
};
_Static_assert(sizeof(struct metric) == 16, "metric has no hole");

// As the pod sees it: ingress is what it receives.
enum direction {
	DIRECTION_INGRESS = 1,
	DIRECTION_EGRESS = 2,
};

// Why a packet ends here. The numbers are Cilium's, so its users and tools read them.
enum drop_reason {
	FORWARDED = 0,
	DROP_INVALID_SOURCE_IP = 132,
	DROP_INVALID_PACKET = 134,
	DROP_FRAGMENTATION_NEEDED = 136,
	DROP_WRITE_ERROR = 141,
	DROP_UNKNOWN_TARGET = 150,
	DROP_UNROUTABLE_IP = 151,
	DROP_UNSUPPORTED_L2 = 166,
	DROP_FIB_LOOKUP_FAILED = 169,
	DROP_INVALID_IDENTITY = 171,
	DROP_FORBIDDEN_ICMPV6 = 176,
	DROP_TTL_EXCEEDED = 196,
	DROP_ENDPOINT_NOT_READY = 203,
};

enum identity {
	IDENTITY_UNKNOWN = 0,
	IDENTITY_HOST = 1,
	IDENTITY_WORLD = 2,
};

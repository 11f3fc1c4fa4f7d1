// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// What the agent sets before it loads the programs. The verifier sees constants and removes dead branches.
#pragma once

#include "kernel.h"

// Address of the pods' gateway on this node, also the source of ICMP errors; 0 when the node has no IPv4.
const volatile __be32 router_ipv4 = 0;

// As router_ipv4. has_router_ipv6 is 0 when the node has no IPv6.
const volatile __be32 router_ipv6[4] = {0};
const volatile __u8 has_router_ipv6 = 0;

// The device by which pods and the node's stack meet. Its forwarding must be on: it is the input device of
// route lookups, since the pods' own devices forward nothing.
const volatile __u32 fl_host_ifindex = 0;
const volatile __u8 fl_host_mac[6] = {0};

// Element by element: a memcpy would cast volatile away, and clang would copy the zeros above.
static __always_inline void copy_router_ipv6(__be32 to[4])
{
	for (int i = 0; i < 4; i++)
		to[i] = router_ipv6[i];
}

static __always_inline void copy_fl_host_mac(__u8 to[6])
{
	for (int i = 0; i < 6; i++)
		to[i] = fl_host_mac[i];
}

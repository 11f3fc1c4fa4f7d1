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

// The node's own endpoint, named in events of hooks that are no pod's.
const volatile __u32 host_endpoint_id = 0;

// 1: packets take the way through the stack (enable-host-legacy-routing), both ways.
const volatile __u8 legacy_host_routing = 0;

// 1: pods' packets to elsewhere leave from the node's address (enable-bpf-masquerade), by family.
const volatile __u8 masquerade_ipv4 = 0;
const volatile __u8 masquerade_ipv6 = 0;

// 1: packets to other nodes' addresses are masqueraded too (enable-remote-node-masquerade).
const volatile __u8 masquerade_remote_nodes = 0;

// Ports that translated flows may have, host byte order, both included.
const volatile __u16 nat_port_min = 32768;
const volatile __u16 nat_port_max = 65535;

// 1: debug messages are written when somebody listens (debug-verbose: datapath).
const volatile __u8 debug_datapath = 0;

// How long connections live without a packet, in ns.
const volatile __u64 ct_tcp_ns = 8000ULL * 1000000000;
const volatile __u64 ct_syn_ns = 60ULL * 1000000000;
const volatile __u64 ct_close_ns = 10ULL * 1000000000;
const volatile __u64 ct_any_ns = 60ULL * 1000000000;

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

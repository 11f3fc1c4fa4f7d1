// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Every map. All are pinned, outlive the agent, and are written by the agent's reconciler only (metrics: by
// the programs only).
#pragma once

#include "kernel.h"
#include "abi.h"

// Reasons are below 256; each has four places, of which two directions are used.
#define METRICS_PER_REASON 4
#define METRICS_SIZE	   (256 * METRICS_PER_REASON)

// Who on this node has an address: its pods and the node itself.
// Read by every hook to find the device of a destination, and by from_netdev to refuse forged sources.
// 65536: far above the pods a node can run, in both families.
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct ip_key);
	__type(value, struct endpoint);
} endpoints SEC(".maps");

// Which pod is behind a device, by ifindex: who a packet may claim to be from.
// Read by from_container and to_container; a device without an entry carries nothing.
// 65536: as endpoints.
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, struct interface);
} interfaces SEC(".maps");

// Identity of the addresses of a prefix, in the whole cluster and beyond; the longest prefix counts.
// Read by every hook for the side of a packet that is not a pod of this node.
// 512000 (Cilium's size too): every pod of a large cluster in both families. Not preallocated: most clusters
// are small.
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 512000);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ipcache_key);
	__type(value, struct ipcache_entry);
} ipcache SEC(".maps");

// Packets and bytes by reason and direction: index is reason * 4 + direction, reason 0 being "forwarded".
// Written by every hook, each processor its own copy; read by the agent.
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, METRICS_SIZE);
	__type(key, __u32);
	__type(value, struct metric);
} metrics SEC(".maps");

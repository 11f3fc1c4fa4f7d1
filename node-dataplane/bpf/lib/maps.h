// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Every map. All are pinned and outlive the agent. What the agent's reconciler writes nobody else writes; the
// programs' own are said to be so. Sizes marked "configured" are the agent's to set before loading.
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

// Counts the changes of ipcache: while it stays, identities that a connection has are right. Written by the
// agent after it has written ipcache.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} generation SEC(".maps");

// Packets and bytes by reason and direction: index is reason * 4 + direction, reason 0 being "forwarded".
// Written by every hook, each processor its own copy; read by the agent.
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, METRICS_SIZE);
	__type(key, __u32);
	__type(value, struct metric);
} metrics SEC(".maps");

// What policies say, all endpoints' together: those of one identity share one. Looked up for a peer's
// identity and for any; the longest match of each counts. Read by every hook that judges. 1048576: 64
// policies of 16384 entries. Not preallocated.
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1048576);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct policy_key);
	__type(value, struct policy_entry);
} policies SEC(".maps");

// Connections. TCP has tables of its own, so that no flood of others takes its place.
// Written by the programs; the agent removes what is past its time. Configured.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 524288);
	__type(key, struct ct_key4);
	__type(value, struct ct_entry);
} ct4_tcp SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 262144);
	__type(key, struct ct_key4);
	__type(value, struct ct_entry);
} ct4_any SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 524288);
	__type(key, struct ct_key6);
	__type(value, struct ct_entry);
} ct6_tcp SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 262144);
	__type(key, struct ct_key6);
	__type(value, struct ct_entry);
} ct6_any SEC(".maps");

// Address translations, two entries each. Written by the programs; the agent removes what is idle.
// Configured.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 524288);
	__type(key, struct nat_key4);
	__type(value, struct nat_entry4);
} nat4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 524288);
	__type(key, struct nat_key6);
	__type(value, struct nat_entry6);
} nat6 SEC(".maps");

// What pods become when they leave by a device, by ifindex; by a device without an entry they leave as they
// are.
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, struct masquerade_address);
} masquerade SEC(".maps");

// Destinations that see pods' own addresses.
// 16384: Cilium's size. Not preallocated.
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ipcache_key);
	__type(value, struct no_masquerade_entry);
} no_masquerade SEC(".maps");

// Ports of datagrams whose later fragments are still to come. Written by the programs only. Configured.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct fragment_key);
	__type(value, struct fragment_ports);
} fragments SEC(".maps");

// The one entry of what the agent may change while the programs run.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct settings);
} settings SEC(".maps");

// What the programs tell those who listen: debug_event and packet_event. Nobody is woken, the agent looks.
// Configured: bytes, a power of two.
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1048576);
} events SEC(".maps");

// Events that found no room, each processor its own.
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} lost_events SEC(".maps");

// Each processor's own room for what is too large for the stack: an ICMP error while it is made.
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratch SEC(".maps");

// What the last packet with MARK_EXPLAIN met.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct explanation);
} explained SEC(".maps");

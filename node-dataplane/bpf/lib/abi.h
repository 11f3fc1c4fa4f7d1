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

// As the pod sees it: ingress is what it receives.
enum direction {
	DIRECTION_INGRESS = 1,
	DIRECTION_EGRESS = 2,
};

enum policy_flags {
	// The direction is enforced: what no entry allows does not pass.
	POLICY_INGRESS = 1,
	POLICY_EGRESS = 2,
	// What the policy forbids is told and passes.
	POLICY_AUDIT = 4,
};

// Which entries of "policies" judge an endpoint. The agent gives changed rules another id and then points
// here at it, so that a policy changes as a whole; ids are not used again soon. 0 with no flag: no rules.
struct policy {
	__u32 id;
	enum policy_flags flags;
};

//
// The lock is for the agent (BPF_F_LOCK): it has an entry changed where it is. Without it the kernel puts
// another in its place and gives the old one's memory to the next entry that changes, at once, under the eyes
// of a program that has just looked it up: a packet would be judged as another pod's, or go to another pod.
// Programs do not take it: what counts as a whole, the policy, they read at once.
struct endpoint {
	__u32 ifindex;
	__u32 id;
	__u32 identity;
	enum endpoint_flags flags;
	struct policy policy;
	__u8 mac[6];
	__u8 node_mac[6];
	struct bpf_spin_lock lock;
};
_Static_assert(sizeof(struct endpoint) == 40, "endpoint has no hole");
_Static_assert(__builtin_offsetof(struct endpoint, policy) % 8 == 0, "policy is read at once");

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
	struct policy policy;
	__u8 mac[6];
	__u8 node_mac[6];
	struct bpf_spin_lock lock;
};
_Static_assert(sizeof(struct interface) == 56, "interface has no hole");
_Static_assert(__builtin_offsetof(struct interface, policy) % 8 == 0, "policy is read at once");

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

// Bits of a policy_key that count whatever the entry leaves open: policy, identity and direction.
#define POLICY_FIXED_BITS 72

// What a policy says of a peer's identity (0: of any), protocol and port of the endpoint's peer or its own
// port, whichever is the destination. prefixlen is POLICY_FIXED_BITS for any protocol, 8 more for any port of
// one, up to 16 more for ports that begin with the same bits. For ICMP and ICMPv6 the port is the type.
struct policy_key {
	__u32 prefixlen;
	__u32 policy;
	__u32 identity;
	__u8 direction;
	__u8 protocol;
	__be16 port;
};
_Static_assert(sizeof(struct policy_key) == 16, "policy_key has no hole");

// packets and bytes are those the entry judged: the first of a connection, and the first after a change.
struct policy_entry {
	__u64 packets;
	__u64 bytes;
	// The agent's number for the rule.
	__u32 rule;
	// prefixlen of the key less POLICY_FIXED_BITS.
	__u8 length;
	// Forbids; of two entries that match a packet one that forbids counts.
	__u8 deny;
	__u16 unused;
};
_Static_assert(sizeof(struct policy_entry) == 24, "policy_entry has no hole");

// A connection, whoever sends: which end is first is a matter of the numbers alone, and the same for both.
// An echo of ICMP has its id as the port of the one who asks and 0 as the other's, so both may ask at once.
struct ct_key4 {
	__be32 first;
	__be32 second;
	__be16 first_port;
	__be16 second_port;
	__u8 protocol;
	__u8 unused[3];
};
_Static_assert(sizeof(struct ct_key4) == 16, "ct_key4 has no hole");

struct ct_key6 {
	__be32 first[4];
	__be32 second[4];
	__be16 first_port;
	__be16 second_port;
	__u8 protocol;
	__u8 unused[3];
};
_Static_assert(sizeof(struct ct_key6) == 40, "ct_key6 has no hole");

enum ct_flags {
	// Begun by the second of the key; else by the first.
	CT_BEGUN_BY_SECOND = 1,
	// The receiver's ingress and the sender's egress have been judged here: a connection between two pods
	// of one node has both, others the one of this node's pod.
	CT_INGRESS = 2,
	CT_EGRESS = 4,
	// FIN or RST seen from who began it, and from the other.
	CT_CLOSING = 8,
	CT_CLOSING_REPLY = 16,
	// A TCP connection that was not seen to begin.
	CT_SEEN_NON_SYN = 32,
	// The receiver's ingress or the sender's egress has refused its last packet: answers pass no more.
	CT_FORBIDDEN_INGRESS = 64,
	CT_FORBIDDEN_EGRESS = 128,
};

// In arrays of two, [0] is of the packets of who began the connection, [1] of the other's.
struct ct_entry {
	// In ns of CLOCK_MONOTONIC. An entry past its time does not count.
	__u64 expires;
	__u64 packets[2];
	__u64 bytes[2];
	// When a trace was last sent, in ns of CLOCK_MONOTONIC.
	__u64 reported[2];
	// The policies that judged, by their ids, and what they judged by.
	__u32 ingress_policy;
	__u32 egress_policy;
	__u32 src_identity;
	__u32 dst_identity;
	__u8 tcp_flags[2];
	__u8 reported_flags[2];
	enum ct_flags flags;
	// What the map "generation" had when the identities were last looked up.
	__u32 generation;
	__u32 unused;
};
_Static_assert(sizeof(struct ct_entry) == 88, "ct_entry has no hole");

// A flow as it is before (NAT_OUT) or as its answers come back after (NAT_IN) the address translation: both
// are sender first, ports as in ct_key.
enum nat_direction {
	NAT_OUT = 0,
	NAT_IN = 1,
};

struct nat_key4 {
	__be32 src;
	__be32 dst;
	__be16 sport;
	__be16 dport;
	__u8 protocol;
	__u8 direction;
	__u16 unused;
};
_Static_assert(sizeof(struct nat_key4) == 16, "nat_key4 has no hole");

struct nat_key6 {
	__be32 src[4];
	__be32 dst[4];
	__be16 sport;
	__be16 dport;
	__u8 protocol;
	__u8 direction;
	__u16 unused;
};
_Static_assert(sizeof(struct nat_key6) == 40, "nat_key6 has no hole");

enum nat_flags {
	// The node's own connection, which keeps its address and port; kept so that no pod is given them.
	NAT_HOST = 1,
};

// What the source (NAT_OUT) or the destination (NAT_IN) becomes.
struct nat_entry4 {
	// In ns of CLOCK_MONOTONIC: of the mapping's making and of the last packet, at most a second late.
	__u64 created;
	__u64 used;
	__be32 addr;
	__be16 port;
	__u16 flags;
};
_Static_assert(sizeof(struct nat_entry4) == 24, "nat_entry4 has no hole");

struct nat_entry6 {
	__u64 created;
	__u64 used;
	__be32 addr[4];
	__be16 port;
	__u16 flags;
	__u32 unused;
};
_Static_assert(sizeof(struct nat_entry6) == 40, "nat_entry6 has no hole");

enum masquerade_flags {
	MASQUERADE_IPV4 = 1,
	MASQUERADE_IPV6 = 2,
};

// What pods' packets that leave by a device are from.
struct masquerade_address {
	enum masquerade_flags flags;
	__be32 ipv4;
	__be32 ipv6[4];
};
_Static_assert(sizeof(struct masquerade_address) == 24, "masquerade_address has no hole");

enum no_masquerade {
	// Routed natively (ipv4-native-routing-cidr, ipv6-native-routing-cidr).
	NO_MASQUERADE_NATIVE = 1,
	// nonMasqueradeCIDRs of the ip-masq-agent file.
	NO_MASQUERADE_AGENT = 2,
};

struct no_masquerade_entry {
	enum no_masquerade why;
};

// A datagram that came in fragments: only the first names the ports.
struct fragment_key {
	__be32 src[4];
	__be32 dst[4];
	__be32 id;
	enum ip_family family;
	__u8 protocol;
	__u8 unused[3];
};
_Static_assert(sizeof(struct fragment_key) == 44, "fragment_key has no hole");

struct fragment_ports {
	__be16 sport;
	__be16 dport;
};

enum event_type {
	// A place in a record of several that holds none.
	EVENT_NOTHING = 0,
	EVENT_DROP = 1,
	EVENT_DEBUG = 2,
	EVENT_CAPTURE = 3,
	EVENT_TRACE = 4,
	EVENT_POLICY_VERDICT = 5,
};

enum aggregation {
	AGGREGATION_NONE = 0,
	AGGREGATION_LOW = 1,
	AGGREGATION_MEDIUM = 3,
	AGGREGATION_MAXIMUM = 4,
};

// What the agent may change while the programs run.
struct settings {
	// 1 << event_type for each that somebody listens to; 0 costs nothing.
	__u32 events;
	enum aggregation aggregation;
	// How often a connection is traced from AGGREGATION_MEDIUM on, in ns.
	__u64 interval;
	// TCP flags whose first sight is traced from AGGREGATION_MEDIUM on.
	__u32 tcp_flags;
	__u32 unused;
};
_Static_assert(sizeof(struct settings) == 24, "settings has no hole");

// Where a packet was seen. The numbers are Cilium's.
enum trace_point {
	TRACE_TO_ENDPOINT = 0,
	TRACE_TO_HOST = 2,
	TRACE_TO_STACK = 3,
	TRACE_FROM_ENDPOINT = 5,
	TRACE_FROM_HOST = 7,
	TRACE_FROM_STACK = 8,
	TRACE_FROM_NETWORK = 10,
	TRACE_TO_NETWORK = 11,
};

// What a packet is to its connection. The numbers are Cilium's.
enum ct_state {
	CT_NEW = 0,
	CT_ESTABLISHED = 1,
	CT_REPLY = 2,
	CT_RELATED = 3,
	CT_REOPENED = 4,
	CT_UNKNOWN = 5,
};

// The numbers are Cilium's; the texts are the agent's.
enum debug_message {
	DEBUG_LOCAL_DELIVERY = 2,
	DEBUG_CT_MATCH = 8,
	DEBUG_CT_VERDICT = 15,
	DEBUG_TO_HOST = 19,
	DEBUG_TO_STACK = 20,
	DEBUG_CT_LOOKUP4_1 = 48,
	DEBUG_CT_LOOKUP4_2 = 49,
	DEBUG_CT_CREATED4 = 50,
	DEBUG_CT_LOOKUP6_1 = 51,
	DEBUG_CT_LOOKUP6_2 = 52,
	DEBUG_CT_CREATED6 = 53,
	DEBUG_IDENTITY_MAPPED4 = 58,
	DEBUG_IDENTITY_MAPPED6 = 59,
};

enum capture_point {
	CAPTURE_DELIVERY = 4,
	CAPTURE_SNAT_PRE = 10,
	CAPTURE_SNAT_POST = 11,
};

// How a policy entry matched. The numbers are Cilium's.
enum policy_match {
	MATCH_NONE = 0,
	MATCH_L3_ONLY = 1,
	MATCH_L3_L4 = 2,
	MATCH_L4_ONLY = 3,
	MATCH_ALL = 4,
	MATCH_L3_PROTO = 5,
	MATCH_PROTO_ONLY = 6,
};

struct event_header {
	// In ns of CLOCK_MONOTONIC.
	__u64 time;
	__u32 cpu;
	// What the packet was marked with.
	__u32 mark;
	// The endpoint whose program tells it.
	__u32 source;
	__u8 type;
	// Drop reason, debug message, capture or trace point.
	__u8 subtype;
	__u16 unused;
};
_Static_assert(sizeof(struct event_header) == 24, "event_header has no hole");

// A record of debug messages has up to so many, one behind the other.
#define DEBUG_EVENTS 4

// Arguments in the order of the text; an IPv6 address is its last 32 bits, as Cilium has it.
struct debug_event {
	struct event_header header;
	__u32 arguments[3];
	__u32 unused;
};
_Static_assert(sizeof(struct debug_event) == 40, "debug_event has no hole");

#define EVENT_PAYLOAD 128

struct packet_event {
	struct event_header header;
	__u32 length;
	// Bytes of payload that are the packet's.
	__u32 captured;
	__u32 src_identity;
	__u32 dst_identity;
	__u32 dst_endpoint;
	__u32 ifindex;
	// Of a verdict: 0 allows, negative is the reason; rule is the entry's.
	__s32 verdict;
	__u32 rule;
	__be16 dst_port;
	__u8 protocol;
	__u8 direction;
	__u8 match;
	__u8 audited;
	// enum ct_state
	__u8 state;
	__u8 ipv6;
	// Source before any translation.
	__be32 original_ip[4];
	__u8 payload[EVENT_PAYLOAD];
};
_Static_assert(sizeof(struct packet_event) == 208, "packet_event has no hole");

// What a packet that asks to be explained (MARK_EXPLAIN) met in one program: no state is changed and nothing
// is sent, all that is decided is written here.
struct explanation {
	// Which parts hold something.
	__u32 parts;
	__u32 src_identity;
	__u32 dst_identity;
	__u32 src_endpoint;
	__u32 dst_endpoint;
	enum ct_state ct_state;
	// Of the sender's egress, then of the receiver's ingress: 0 allowed, negative the reason.
	__s32 egress_verdict;
	__u32 egress_rule;
	__u32 egress_match;
	__s32 ingress_verdict;
	__u32 ingress_rule;
	__u32 ingress_match;
	// What the source (EXPLAIN_SNAT) or the destination (EXPLAIN_REVERSE_NAT) became.
	__be32 nat_addr[4];
	__u32 nat_port;
	// Of bpf_fib_lookup, with the device and the next hop it gave.
	__s32 fib_result;
	__u32 ifindex;
	__u32 next_hop_family;
	__be32 next_hop[4];
	// Where the packet goes on, as in a trace; and the drop reason, 0 for none.
	__u32 trace_point;
	__u32 drop_reason;
};
_Static_assert(sizeof(struct explanation) == 104, "explanation has no hole");

// No packet comes with it from a pod or the network: marks do not survive the way between namespaces, and no
// wire has them. A process of the node that sets it gains nothing: verdicts are the same.
enum packet_mark {
	MARK_EXPLAIN = 0xfa170000,
};

enum explain_parts {
	EXPLAIN_IDENTITIES = 1,
	EXPLAIN_CT = 2,
	EXPLAIN_EGRESS = 4,
	EXPLAIN_INGRESS = 8,
	EXPLAIN_SNAT = 16,
	EXPLAIN_REVERSE_NAT = 32,
	EXPLAIN_ROUTE = 64,
	EXPLAIN_FORWARDED = 128,
	EXPLAIN_DROPPED = 256,
};

// Why a packet ends here. The numbers are Cilium's, so its users and tools read them.
enum drop_reason {
	FORWARDED = 0,
	DROP_INVALID_SOURCE_IP = 132,
	DROP_POLICY = 133,
	DROP_INVALID_PACKET = 134,
	DROP_CT_INVALID_HEADER = 135,
	DROP_FRAGMENTATION_NEEDED = 136,
	DROP_WRITE_ERROR = 141,
	DROP_UNKNOWN_TARGET = 150,
	DROP_UNROUTABLE_IP = 151,
	DROP_CT_NO_ROOM = 155,
	DROP_INVALID_EXTENSION_HEADER = 156,
	DROP_UNSUPPORTED_L2 = 166,
	DROP_NAT_NO_MAPPING = 167,
	DROP_NAT_UNSUPPORTED_PROTOCOL = 168,
	DROP_FIB_LOOKUP_FAILED = 169,
	DROP_INVALID_IDENTITY = 171,
	DROP_FRAGMENT_NOT_FOUND = 175,
	DROP_FORBIDDEN_ICMPV6 = 176,
	DROP_POLICY_DENY = 181,
	DROP_TTL_EXCEEDED = 196,
	DROP_ENDPOINT_NOT_READY = 203,
};

enum identity {
	IDENTITY_UNKNOWN = 0,
	IDENTITY_HOST = 1,
	IDENTITY_WORLD = 2,
	IDENTITY_HEALTH = 4,
	IDENTITY_REMOTE_NODE = 6,
};

// Room beside the stack, which has 512 bytes for all functions that call one another.
struct scratch {
	__u32 words[40];
};

// What the agent reads and no map or function names: a variable of this type keeps it in the type
// information.
struct named {
	struct debug_event debug_event;
	struct packet_event packet_event;
	enum drop_reason drop_reason;
	enum event_type event_type;
	enum debug_message debug_message;
	enum trace_point trace_point;
	enum capture_point capture_point;
	enum policy_match policy_match;
	enum nat_direction nat_direction;
	enum nat_flags nat_flags;
	enum explain_parts explain_parts;
	enum packet_mark packet_mark;
};

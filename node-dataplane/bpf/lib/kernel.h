// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// The kernel's headers, and what they lack or cannot give to -target bpf.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

// A function that the verifier checks once, by itself, instead of at each call. What it is given may be NULL
// to the verifier's eyes, and must be looked at.
#define CHECKED_ONCE __attribute__((noinline))

// The end of a function without a result, or whose result clang may find nobody wants: the verifier takes
// what is left in the register for one, and refuses pointers.
#define RETURN_NOTHING asm volatile("r0 = 0" ::: "r0")

#define AF_INET	 2
#define AF_INET6 10

// <linux/if_packet.h>: the frame is addressed to the device that received it, or to another.
#define PACKET_HOST	 0
#define PACKET_OTHERHOST 3

// Bits of a VLAN tag that are the VLAN's number (IEEE 802.1Q).
#define VLAN_ID 0x0fff

// The next program of the hook decides, then the stack: TCX_NEXT of kernel 6.6.
#define NEXT TC_ACT_UNSPEC

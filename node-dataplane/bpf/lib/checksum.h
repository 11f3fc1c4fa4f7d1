// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// The Internet checksum (RFC 1071).
#pragma once

#include "kernel.h"

// Of bytes on the stack; size is a multiple of 4, at most 512.
static __always_inline __u16 checksum(void *bytes, __u32 size)
{
	__u32 sum = bpf_csum_diff(0, 0, bytes, size, 0);

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

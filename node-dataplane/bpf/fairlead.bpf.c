// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// The object that the agent loads: all hooks in one, because they share the maps.
#include "from_container.c"
#include "to_container.c"
#include "from_host.c"
#include "from_netdev.c"
#include "to_netdev.c"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const struct named named SEC(".rodata.named") = {};

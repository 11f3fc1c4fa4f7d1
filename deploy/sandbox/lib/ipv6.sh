# A dual-stack cluster: pods and nodes have an IPv6 address beside the other; the control plane stays IPv4.
# shellcheck shell=bash

readonly L2_PREFIX6=fd02:0:0:2
readonly CLUSTER_CIDR6=fd10:244::/104
readonly NATIVE_ROUTING_CIDR6=fd10:244::/32

# ipv6_settings: sets SETTINGS to what its components are told.
ipv6_settings() {
    SETTINGS=("enable-ipv6=true" "ipv6-native-routing-cidr=$NATIVE_ROUTING_CIDR6"
        "ipam.cluster-pool-ipv6-cidr=$CLUSTER_CIDR6" "ipam.cluster-pool-ipv6-mask-size=120")
}

# ipv6_node_up NODE INDEX: its address, which its agent finds on the device; nothing unless the cluster has IPv6.
ipv6_node_up() {
    grep -q '^agent enable-ipv6=true$' "$STATE/config" || return 0
    ip -n "$PREFIX-$1" addr add "$L2_PREFIX6::$((30 + $2))/64" dev "$NODE_DEVICE" nodad
}

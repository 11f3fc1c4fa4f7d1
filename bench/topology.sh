# The competitors' clusters: the sandbox's wires and pods with other plumbing. Sourced by the benchmarks.
# shellcheck shell=bash
#
# plain   what the kernel does by itself: /32 routes to veth pairs, direct node routes, no netfilter at all
# bridge  Debian's CNI plugins bridge + host-local with ipMasq, and the same direct node routes

readonly CNI_BRIDGE_DIR=${CNI_BRIDGE_DIR:-/usr/lib/cni}

bench_fail() {
    echo "bench: $*" >&2
    exit 1
}

# Prefix of every namespace a benchmark makes; two benchmarks at once have different ones.
bench_prefix() {
    BENCH=fl-b$$
    BENCH_DIR=$(mktemp -d /tmp/fl-bench.XXXXXX)
}

bench_cleanup() {
    local path
    for path in /run/netns/"$BENCH"-*; do
        [[ ! -e $path ]] || ip netns del "${path##*/}"
    done
    rm -rf "$BENCH_DIR"
}

ns_sysctl() {
    nsenter --net="/run/netns/$BENCH-$1" -- sh -c "[ ! -e /proc/sys/$2 ] || echo $3 >/proc/sys/$2"
}

# topology_wires KIND: a switch and two nodes, 192.168.2.31 and .32, pod CIDRs 10.244.0.0/24 and 10.244.1.0/24.
topology_wires() {
    local kind=$1 index node key
    ip netns add "$BENCH-$kind-net"
    ip -n "$BENCH-$kind-net" link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
    ip -n "$BENCH-$kind-net" link set br0 up
    for key in iptables ip6tables arptables; do
        ns_sysctl "$kind-net" net/bridge/bridge-nf-call-$key 0
    done
    for index in 0 1; do
        node=$BENCH-$kind-n$index
        ip netns add "$node"
        ip -n "$node" link set lo up
        ip -n "$BENCH-$kind-net" link add "n$index" type veth peer name ens33 netns "$node"
        ip -n "$BENCH-$kind-net" link set "n$index" master br0 up
        ip -n "$node" addr add "192.168.2.$((31 + index))/24" dev ens33
        ip -n "$node" link set ens33 up
        ip -n "$node" route add "10.244.$((1 - index)).0/24" via "192.168.2.$((32 - index))" dev ens33
        ns_sysctl "$kind-n$index" net/ipv4/ip_forward 1
    done
}

# plain_pod NODE-INDEX POD ADDRESS: a pair, a /32 route, a gateway that answers for everything.
plain_pod() {
    local node=$BENCH-plain-n$1 pod=$BENCH-plain-$2 address=$3
    ip netns add "$pod"
    ip -n "$pod" link set lo up
    ip -n "$node" link add "lxc$2" type veth peer name eth0 netns "$pod"
    ip -n "$node" link set "lxc$2" up
    ip -n "$node" addr add 169.254.1.1/32 dev "lxc$2"
    ip -n "$node" route add "$address/32" dev "lxc$2"
    ip -n "$pod" addr add "$address/32" dev eth0
    ip -n "$pod" link set eth0 up
    ip -n "$pod" route add 169.254.1.1/32 dev eth0
    ip -n "$pod" route add default via 169.254.1.1 dev eth0
}

plain_up() {
    topology_wires plain
    plain_pod 0 a 10.244.0.10
    plain_pod 0 b 10.244.0.11
    plain_pod 1 c 10.244.1.10
}

bridge_conf() {
    jq -n --arg subnet "10.244.$1.0/24" --arg data "$BENCH_DIR/host-local-$1" '{cniVersion: "1.0.0", name: "bench", type: "bridge",
        bridge: "cni0", isGateway: true, ipMasq: true, hairpinMode: false,
        ipam: {type: "host-local", dataDir: $data, ranges: [[{subnet: $subnet}]], routes: [{dst: "0.0.0.0/0"}]}}'
}

# bridge_plugin COMMAND NODE-INDEX ID NETNS: a container runtime's call; conf made beforehand by bridge_up.
bridge_plugin() {
    CNI_COMMAND=$1 CNI_CONTAINERID=$3 CNI_NETNS=$4 CNI_IFNAME=eth0 CNI_PATH=$CNI_BRIDGE_DIR CNI_ARGS=IgnoreUnknown=1 \
        nsenter --net="/run/netns/$BENCH-bridge-n$2" -- "$CNI_BRIDGE_DIR/bridge" <"$BENCH_DIR/bridge-$2.conf"
}

# bridge_pod NODE-INDEX POD: prints the address.
bridge_pod() {
    ip netns add "$BENCH-bridge-$2"
    bridge_plugin ADD "$1" "bench-$2" "/run/netns/$BENCH-bridge-$2" | jq -er '.ips[0].address | split("/")[0]'
}

bridge_up() {
    [[ -x $CNI_BRIDGE_DIR/bridge ]] || bench_fail "$CNI_BRIDGE_DIR/bridge is missing (expected: package containernetworking-plugins)"
    topology_wires bridge
    bridge_conf 0 >"$BENCH_DIR/bridge-0.conf"
    bridge_conf 1 >"$BENCH_DIR/bridge-1.conf"
}

# What the tables say about the machine: a figure without it means nothing.
machine_line() {
    echo "Kernel $(uname -r), $(nproc) CPUs, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), load $(cut -d' ' -f1 /proc/loadavg), $(date -u +%Y-%m-%d)."
}

# The wires: one L2 segment, a router, and a host beyond it. Every link is made inside its namespace, none in the root's.
# shellcheck shell=bash

namespace_add() {
    ip netns add "$PREFIX-$1"
    ip -n "$PREFIX-$1" link set lo up
}

# The switch: a bridge without spanning tree, so that a new port forwards at once, and without netfilter behind it.
net_switch_up() {
    namespace_add net
    ip -n "$PREFIX-net" -batch - <<'IP'
link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
link set br0 up
IP
    local key
    for key in iptables ip6tables arptables; do
        in_netns net sh -c "[ ! -e /proc/sys/net/bridge/bridge-nf-call-$key ] || echo 0 >/proc/sys/net/bridge/bridge-nf-call-$key"
    done
}

# net_plug PLACE DEVICE ADDRESS MAC: a new namespace with one device on the switch.
net_plug() {
    local place=$1 device=$2 address=$3 mac=$4
    namespace_add "$place"
    ip -n "$PREFIX-net" -batch - <<IP
link add sw-${place:0:11} type veth peer name $device address $mac netns $PREFIX-$place
link set sw-${place:0:11} master br0 up
IP
    ip -n "$PREFIX-$place" -batch - <<IP
addr add $address/24 dev $device
link set $device up
IP
}

# The agent's health endpoint lives in a namespace of its own, which an agent that stops leaves behind.
net_forget_health() {
    local hash
    hash=$(printf %s "$STATE/nodes/$1/run" | sha256sum)
    ip netns del "fl-health-${1:0:40}-${hash:0:8}" 2>/dev/null || true
}

net_unplug() {
    ip netns del "$PREFIX-$1"
    net_forget_health "$1"
    # The peer goes with the namespace, but a moment later; a node of the same name may come back at once.
    ip -n "$PREFIX-net" link del "sw-${1:0:11}" 2>/dev/null || true
}

net_node_up() {
    local node=$1 ip=$2 index=$3
    net_plug "$node" "$NODE_DEVICE" "$ip" "$(printf '02:fa:1e:00:01:%02x' "$index")"
    ip -n "$PREFIX-$node" route add default via "$ROUTER_IP" dev "$NODE_DEVICE"
}

# A machine of the control plane.
net_control_up() {
    local place
    place=$(machine "$1")
    net_plug "$place" eth0 "$(machine_ip "$1")" "$(printf '02:fa:1e:00:00:%02x' $((9 + $1)))"
    ip -n "$PREFIX-$place" route add default via "$ROUTER_IP" dev eth0
}

# A cut link: the machine's port of the switch is down, and the machine itself does not notice.
net_link() {
    ip -n "$PREFIX-net" link set "sw-${1:0:11}" "$2"
}

# The router knows the segment and the outside, not the pods: as the walk-through's own default gateway.
net_router_up() {
    net_plug router eth0 "$ROUTER_IP" 02:fa:1e:00:00:02
    namespace_add outside
    ip -n "$PREFIX-router" -batch - <<IP
link add eth1 type veth peer name eth0 netns $PREFIX-outside
addr add 203.0.113.1/24 dev eth1
link set eth1 up
IP
    ip -n "$PREFIX-outside" -batch - <<IP
addr add $OUTSIDE_IP/24 dev eth0
link set eth0 up
route add default via 203.0.113.1 dev eth0
IP
    in_netns router sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
}

net_up() {
    net_switch_up
    net_router_up
    local index
    for ((index = 1; index <= $(machines); index++)); do
        net_control_up "$index"
    done
}

# Every process that lives in a namespace of this instance: they are ours, whatever became of their pid files.
net_processes() {
    local path wanted=" "
    for path in /run/netns/"$PREFIX"-*; do
        [[ -e $path ]] || continue
        wanted+="net:[$(stat -L -c %i "$path")] "
    done
    [[ $wanted != " " ]] || return 0
    find /proc/[0-9]*/ns/net -maxdepth 0 -printf '%h %l\n' 2>/dev/null | while read -r path link; do
        [[ $wanted != *" $link "* ]] || { path=${path#/proc/} && echo "${path%/ns}"; }
    done
}

net_down() {
    local path
    for path in "$STATE"/nodes/*; do
        [[ ! -d $path ]] || net_forget_health "${path##*/}"
    done
    for path in /run/netns/"$PREFIX"-*; do
        [[ -e $path ]] || continue
        ip netns del "${path##*/}" || true
    done
}

# Nodes: a network namespace, a bpffs mount and a CNI configuration of its own each.
# shellcheck shell=bash

node_names() {
    local path
    for path in "$STATE"/nodes/*/; do
        [[ -e $path ]] || continue
        path=${path%/}
        echo "${path##*/}"
    done | sort -V
}

node_exists() {
    [[ -n $1 && $1 != *[./]* && -d $STATE/nodes/$1 ]] || die "node: $1 (expected: one of $(node_names | paste -sd ' '))"
}

# devN is 192.168.2.(30+N), as in the walk-through; another name gets the first free number.
node_index() {
    local used=" " path
    for path in "$STATE"/nodes/*/index; do
        [[ ! -e $path ]] || used+="$(<"$path") "
    done
    if [[ $1 =~ ^dev([1-9][0-9]{0,2})$ && ${BASH_REMATCH[1]} -le 200 && $used != *" ${BASH_REMATCH[1]} "* ]]; then
        INDEX=${BASH_REMATCH[1]}
        return 0
    fi
    for ((INDEX = 1; INDEX <= 200; INDEX++)); do
        [[ $used == *" $INDEX "* ]] || return 0
    done
    die "nodes: 200 exist (expected: fewer)"
}

# Everything of a node but its agent.
node_prepare() {
    local node=$1 place=$STATE/nodes/$1 INDEX
    valid_name "node name" "$node" 11
    [[ " $RESERVED_NAMES " != *" $node "* && ! $node =~ $RESERVED_FORMS ]] \
        || die "node name: $node (expected: none of $RESERVED_NAMES, none that begins with ctl, etcd-, identity-, ipam-, route- or pod-)"
    [[ ! -e $place ]] || die "node $node: exists already"
    node_index "$node"
    mkdir -p "$place/bpf" "$place/run" "$place/cni"
    echo "$INDEX" >"$place/index"
    echo "$L2_PREFIX.$((30 + INDEX))" >"$place/ip"
    tls_node "$node" "$(<"$place/ip")"
    mount -t bpf bpf "$place/bpf"
    net_node_up "$node" "$(<"$place/ip")" "$INDEX"
    jq -n --arg socket "$place/run/cni.sock" \
        '{cniVersion: "1.0.0", name: "fairlead", type: "fairlead-cni", socket: $socket}' >"$place/cni/fairlead.conf"
}

node_add() {
    lock_instance
    node_prepare "$1"
    agent_start "$1"
    component_await "$1"
    say "node $1 is $(<"$STATE/nodes/$1/ip")"
}

# The whole cluster forgets the node: its CIDR is free again and the other nodes drop their routes to it.
node_release() {
    local node=$1
    local -a TLS=()
    tls_admin
    in_netns ctl env "${TLS[@]}" "$BIN_DIR/fairlead" node release "$node" --ipam-service-address="$(service_addresses ipam)"
}

node_remove_command() {
    local release=node_release node
    [[ $# -eq 1 || $# -eq 3 && $2 == --release ]] || die "node remove: ${*:-nothing follows} (expected: NAME [--release COMMAND])"
    node=$1
    node_exists "$node"
    [[ $# -eq 1 ]] || release=$3
    lock_instance
    local pod
    for pod in $(pod_names_on "$node"); do
        pod_delete "$pod"
    done
    stop "$node" 15
    if [[ $release == node_release ]]; then
        node_release "$node"
    else
        # shellcheck disable=SC2086 # a command with its arguments
        in_netns ctl env NODE="$node" $release
    fi
    node_dismantle "$node"
    rm -f "$STATE/proc/$node.pid" "$STATE/log/$node.log"
}

node_dismantle() {
    local place=$STATE/nodes/$1
    net_unplug "$1"
    unmount "$place/bpf"
    rm -rf "$place"
}

unmount() {
    umount "$1" 2>/dev/null || umount -l "$1"
}

# Every mount below the state directory, the deepest first.
mounts_down() {
    local point
    awk -v root="$STATE/" 'index($2, root) == 1 { print $2 }' /proc/self/mounts | sort -r | while read -r point; do
        unmount "$point"
    done
}

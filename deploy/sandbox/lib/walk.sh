# The walk-through, step by step: what is asked, what comes back, and whether it is what the walk-through shows.
# shellcheck shell=bash

readonly PINGS=2
# Anything that would carry a pod's packet inside another one: VXLAN, Geneve, IP-in-IP, GRE, WireGuard, ESP.
readonly TUNNELS="udp port 8472 or udp port 4789 or udp port 6081 or udp port 51871 or ip proto 4 or ip proto 41 or ip proto 47 or ip proto 50"

# step TITLE COMMAND: begins a step; its command is shown as a person would type it.
step() {
    STEP=$((STEP + 1))
    FAULTS=()
    printf '\n[%d] %s\n' "$STEP" "$1"
    shift
    local command
    for command in "$@"; do
        printf '    $ %s\n' "$command"
    done
}

show() {
    local line
    while IFS= read -r line; do
        printf '      %s\n' "$line"
    done <<<"$1"
}

note() {
    printf '    # %s\n' "$@"
}

# expect TEXT PATTERN WHAT: a line of TEXT matches the extended regular expression.
expect() {
    grep -qE -- "$2" <<<"$1" || FAULTS+=("$3")
}

expect_none() {
    ! grep -qE -- "$2" <<<"$1" || FAULTS+=("$3")
}

expect_equal() {
    [[ $1 == "$2" ]] || FAULTS+=("$3: $2, not ${1:-nothing}")
}

# Says how long it took since the step before ended.
step_end() {
    local began=$STEP_ENDED
    now_ms
    STEP_ENDED=$NOW_MS
    if [[ ${#FAULTS[@]} -eq 0 ]]; then
        GOOD=$((GOOD + 1))
        printf '    ok (%s s)\n' "$(seconds $((STEP_ENDED - began)))"
        return 0
    fi
    local fault
    for fault in "${FAULTS[@]}"; do
        printf '    DIFFERS (expected %s)\n' "$fault"
    done
}

# seconds MILLISECONDS: with one digit after the point.
seconds() {
    echo "$(($1 / 1000)).$(($1 % 1000 / 100))"
}

# The cluster settles by itself; the walk begins once every node has every other node's route and all are
# reachable.
walk_settled() {
    local node routes count=0
    for node in "${NODES[@]}"; do
        routes=$(in_netns "$node" ip -4 route show) || return 1
        count=$(grep -cE "^$POD_NET\.[0-9]+\.0/24 .*via $L2_PREFIX\." <<<"$routes") || true
        [[ $count -ge $((${#NODES[@]} - 1)) ]] || return 1
    done
    ask_agent "$CLIENT_NODE" status | grep -qE "^Cluster health:[[:space:]]+(${#NODES[@]})/\1 reachable"
}

# A walk that ends in the middle leaves nothing behind.
walk_abandon() {
    capture_abandon
    monitor_abandon
    apart_down
    [[ -z ${POLICY_APPLIED:-} ]] || ask_agent "$CLIENT_NODE" policy delete NetworkPolicy cni-server >/dev/null 2>&1 || true
}

walk() {
    local pod
    for pod in cni-client cni-same cni-server; do
        [[ -s $STATE/pods/$pod/result.json ]] || die "walk: pod $pod is missing (expected: a sandbox as 'up' makes it)"
    done
    STEP=0 GOOD=0
    CAPTURES=()
    trap walk_abandon EXIT
    mapfile -t NODES < <(node_names)
    POD_NET=${CLUSTER_CIDR%.0.0/16}
    CLIENT_NODE=$(pod_node cni-client)
    SERVER_NODE=$(pod_node cni-server)
    CLIENT=$(pod_ip cni-client)
    SAME=$(pod_ip cni-same)
    SERVER=$(pod_ip cni-server)
    CLIENT_CIDR=${CLIENT%.*}.0/24
    SERVER_CIDR=${SERVER%.*}.0/24
    note "sandbox below is $(realpath --relative-base="$PWD" "$HOME_DIR/sandbox")$([[ $INSTANCE == "${FAIRLEAD_SANDBOX:-main}" ]] || echo " --name $INSTANCE")"
    local began
    now_ms
    began=$NOW_MS
    poll 30 walk_settled || note "after 30 s some node still lacks a route to another's pods, or is not reachable"
    now_ms
    STEP_ENDED=$NOW_MS
    walk_refusals
    walk_cluster
    walk_same_node
    walk_cross_node
    walk_monitor
    walk_routes
    walk_lists
    walk_policy
    walk_beyond
    walk_store
    printf '\nwalk-through: %d of %d steps as expected, in %s s\n' "$GOOD" "$STEP" "$(seconds $((STEP_ENDED - began)))"
    [[ $GOOD -eq $STEP ]]
}

# expect_status TEXT NODES: the walk-through's lines, as far as they apply, in its order, and no other between them.
expect_status() {
    local at=0 line name
    local -a names=(KVStore KubeProxyReplacement Fairlead NodeMonitor "Fairlead health daemon" IPAM BandwidthManager
        "Host Routing" Masquerading "Controller Status" "Proxy Status" Hubble Encryption "Cluster health")
    local -A value=(["KVStore"]="Ok +etcd: $(count_of etcd)/$(count_of etcd) connected, .*has-quorum=true: .*"
        ["KubeProxyReplacement"]='Disabled' ["Fairlead"]='Ok +[0-9]+\.[0-9]+\.[0-9]+ \(v[0-9.]+.*\)'
        ["NodeMonitor"]='Listening for events on [0-9]+ CPUs with 64x4096 of shared memory' ["Fairlead health daemon"]='Ok'
        ["IPAM"]="IPv4: [0-9]+/254 allocated from ${CLIENT_CIDR//./\\.}," ["BandwidthManager"]='Disabled' ["Host Routing"]='BPF'
        ["Masquerading"]="BPF \[$NODE_DEVICE\] ${NATIVE_ROUTING_CIDR//./\\.} \[IPv4: Enabled, IPv6: Disabled\]"
        ["Controller Status"]='([0-9]+)/[0-9]+ healthy' ["Proxy Status"]='No managed proxy redirect' ["Hubble"]='Disabled'
        ["Encryption"]='Disabled' ["Cluster health"]="$2/$2 reachable \([0-9TZ:-]+\)")
    while IFS= read -r line && [[ $at -lt ${#names[@]} ]]; do
        name=${names[$at]}
        [[ $line =~ ^$name:\ +${value[$name]}$ ]] || FAULTS+=("$name: ${value[$name]}")
        at=$((at + 1))
    done <<<"$1"
    [[ $1 =~ Controller\ Status:\ +([0-9]+)/([0-9]+)\ healthy && ${BASH_REMATCH[1]} == "${BASH_REMATCH[2]}" ]] \
        || FAULTS+=("Controller Status: all healthy")
}

walk_cluster() {
    local out node count=${#NODES[@]}
    step "The agent of $CLIENT_NODE says how it is" "sandbox fairlead $CLIENT_NODE -- status"
    out=$(ask_agent "$CLIENT_NODE" status 2>&1) || FAULTS+=("exit code 0")
    show "$out"
    expect_status "$out" "$count"
    expect "$out" "^Routes:[[:space:]]+$((count - 1))/$((count - 1)) direct node routes installed" "Routes: $((count - 1))/$((count - 1)) direct node routes installed"
    step_end

    step "Every node has a pod CIDR" "sandbox fairlead $CLIENT_NODE -- node list"
    out=$(ask_agent "$CLIENT_NODE" node list 2>&1) || FAULTS+=("exit code 0")
    show "$out"
    for node in "${NODES[@]}"; do
        expect "$out" "(^|/|[[:space:]])${node}[[:space:]]+$(<"$STATE/nodes/$node/ip")[[:space:]]+$POD_NET\.[0-9]+\.0/24" \
            "$node $(<"$STATE/nodes/$node/ip") $POD_NET.x.0/24"
    done
    expect_equal "$(grep -oE "$POD_NET\.[0-9]+\.0/24" <<<"$out" | sort -u | wc -l)" "$count" "different pod CIDRs"
    step_end

    step "Three pods run; the plugin gave them addresses of their nodes' CIDRs" "sandbox pods"
    out=$(pod_table)
    show "$out"
    expect "$out" "^cni-client +$CLIENT_NODE +$POD_NET\." "cni-client on $CLIENT_NODE"
    expect_equal "${SAME%.*}" "${CLIENT%.*}" "network of cni-same"
    [[ $CLIENT_NODE == "$SERVER_NODE" || ${SERVER%.*} != "${CLIENT%.*}" ]] || FAULTS+=("cni-server in another node's CIDR")
    expect_equal "$(pod_host_device cni-client | cut -c1-3)" lxc "prefix of the host side's name"
    step_end
}

# walk_ping TITLE TARGET TTL: from cni-client; the reply's TTL says how many nodes forwarded it.
walk_ping() {
    local out target=$2 ttl=$3
    step "$1" "sandbox pod exec cni-client -- ping -c $PINGS $target"
    out=$(in_netns pod-cni-client ping -c "$PINGS" -i 0.2 -W 2 "$target" 2>&1) || FAULTS+=("exit code 0")
    show "$out"
    expect "$out" "$PINGS packets transmitted, $PINGS received, 0% packet loss" "0% packet loss"
    expect_equal "$(grep -cE "bytes from ${target//./\\.}: icmp_seq=[0-9]+ ttl=$ttl " <<<"$out")" "$PINGS" "replies with ttl=$ttl"
    step_end
}

# walk_capture TITLE NODE DEVICE TEXT PEER REQUESTS REPLIES
walk_capture() {
    local node=$2 device=$3 text=$4 peer=$5
    step "$1" "sandbox node exec $node -- tcpdump -pne -i $device"
    show "${text:-(nothing)}"
    count_echoes "$text" "$CLIENT" "$peer"
    expect_equal "$REQUESTS" "$6" "echo requests $CLIENT > $peer"
    expect_equal "$REPLIES" "$7" "echo replies $peer > $CLIENT"
}

walk_same_node() {
    local client_device same_device
    client_device=$(pod_host_device cni-client)
    same_device=$(pod_host_device cni-same)
    capture_start "$CLIENT_NODE" "$client_device" icmp
    capture_start "$CLIENT_NODE" "$same_device" icmp
    walk_ping "Same node: one hop, so the reply comes with ttl=63" "$SAME" 63
    capture_stop "$PINGS"
    walk_capture "The sender's host-side device shows only the requests" "$CLIENT_NODE" "$client_device" "${CAPTURED[0]}" "$SAME" "$PINGS" 0
    note "the reply enters cni-client by bpf_redirect_peer: it appears inside the pod and never passes $client_device"
    step_end
    walk_capture "The receiver's host-side device shows only the replies" "$CLIENT_NODE" "$same_device" "${CAPTURED[1]}" "$SAME" 0 "$PINGS"
    note "for the same reason: here the request skipped the device, and the reply is what cni-same itself sends"
    step_end
}

walk_cross_node() {
    if [[ $CLIENT_NODE == "$SERVER_NODE" ]]; then
        note "one node only: no cross-node steps"
        return 0
    fi
    local client_device
    client_device=$(pod_host_device cni-client)
    # not the nodes' health checks, which come when they will
    local on_the_wire="(icmp and host $CLIENT) or $TUNNELS"
    capture_start "$CLIENT_NODE" "$NODE_DEVICE" "$on_the_wire"
    capture_start "$SERVER_NODE" "$NODE_DEVICE" "$on_the_wire"
    capture_start "$CLIENT_NODE" "$client_device" icmp
    walk_ping "Across nodes: two hops, so the reply comes with ttl=62" "$SERVER" 62
    capture_stop "$PINGS"
    walk_capture "On $CLIENT_NODE's wire: the pods' own addresses, both ways, no tunnel" "$CLIENT_NODE" "$NODE_DEVICE" "${CAPTURED[0]}" "$SERVER" "$PINGS" "$PINGS"
    expect_equal "$(grep -c . <<<"${CAPTURED[0]}")" $((2 * PINGS)) "packets in all, none of them a tunnel's"
    step_end
    walk_capture "On $SERVER_NODE's wire: the same packets" "$SERVER_NODE" "$NODE_DEVICE" "${CAPTURED[1]}" "$SERVER" "$PINGS" "$PINGS"
    expect_equal "$(grep -c . <<<"${CAPTURED[1]}")" $((2 * PINGS)) "packets in all, none of them a tunnel's"
    step_end
    walk_capture "The sender's host-side device still shows only the requests" "$CLIENT_NODE" "$client_device" "${CAPTURED[2]}" "$SERVER" "$PINGS" 0
    step_end
}

walk_routes() {
    local out node cidr ip count=${#NODES[@]}
    step "The kernel of $CLIENT_NODE has a route to each other node's pods" "sandbox node exec $CLIENT_NODE -- ip route"
    out=$(in_netns "$CLIENT_NODE" ip -4 route show)
    show "$out"
    for node in "${NODES[@]}"; do
        [[ $node != "$CLIENT_NODE" ]] || continue
        ip=$(<"$STATE/nodes/$node/ip")
        cidr="$POD_NET\.[0-9]+\.0/24"
        [[ $node != "$SERVER_NODE" ]] || cidr=${SERVER_CIDR//./\\.}
        expect "$out" "^$cidr .*via ${ip//./\\.} dev $NODE_DEVICE" "a pod CIDR via $ip dev $NODE_DEVICE"
    done
    expect_none "$out" 'dev (vxlan|geneve|cilium_vxlan|fl_vxlan|tunl)' "no tunnel device"
    step_end

    step "The distributor knows which nodes have which route in their kernel" "sandbox fairlead $CLIENT_NODE -- route list"
    poll 10 routes_acknowledged "$count" || true
    out=$(ask_agent "$CLIENT_NODE" route list 2>&1) || FAULTS+=("exit code 0")
    show "$out"
    for node in "${NODES[@]}"; do
        ip=$(<"$STATE/nodes/$node/ip")
        expect "$out" "^$POD_NET\.[0-9]+\.0/24[[:space:]]+${ip//./\\.}[[:space:]].*[[:space:]]${node}[[:space:]]+yes[[:space:]]+$count/$count([[:space:]]|$)" \
            "a pod CIDR, next hop $ip, node $node, here yes, installed $count/$count"
    done
    step_end
}

# An acknowledgement is counted a moment after the kernel has the route.
routes_acknowledged() {
    [[ $(ask_agent "$CLIENT_NODE" route list | grep -cE "[[:space:]]$1/$1([[:space:]]|$)") -ge $1 ]]
}

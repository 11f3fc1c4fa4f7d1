# The walk beyond the walk-through: a policy, what it forbids and why, connections, translations, health.
# shellcheck shell=bash

readonly WALK_POLICY=$HOME_DIR/cni-server.yaml

# walk_ask TITLE NODE CODE ARGS...: a fairlead command that must end with CODE; leaves the text in OUT.
walk_ask() {
    local title=$1 node=$2 wanted=$3 code=0
    shift 3
    step "$title" "sandbox fairlead $node -- ${*/#$HOME_DIR/deploy\/sandbox}"
    OUT=$(ask_agent "$node" "$@" 2>&1) || code=$?
    show "$OUT"
    expect_equal "$code" "$wanted" "exit code"
}

# in_force MILLISECONDS: until every node had the change, at most.
in_force() {
    local count=${#NODES[@]} after
    after=$(sed -nE "s/^in force on $count\/$count nodes after ([0-9]+) ms\$/\1/p" <<<"$OUT")
    [[ -n $after && $after -le $1 ]] || FAULTS+=("in force on $count/$count nodes after at most $1 ms")
}

# Nothing comes back, and the node that drops the packet says so.
walk_refused() {
    local server=${SERVER//./\\.}
    step "cni-client gets no answer; the node of cni-server says why, while it happens" \
        "sandbox fairlead $SERVER_NODE -- monitor --type drop" "sandbox pod exec cni-client -- ping -c 1 -W 1 $SERVER"
    monitor_start "$SERVER_NODE" --type drop
    OUT=$(in_netns pod-cni-client ping -c 1 -W 1 "$SERVER" 2>&1) && FAULTS+=("no answer")
    monitor_stop '^xx drop'
    show "$(grep -E '^xx drop|^Listening' <<<"$MONITORED")"
    show "$(grep -E 'transmitted' <<<"$OUT")"
    expect "$MONITORED" "^xx drop \(Policy denied\) flow 0x[0-9a-f]+ to endpoint [0-9]+, identity [0-9]+->[0-9]+: ${CLIENT//./\\.} -> $server EchoRequest" \
        "xx drop (Policy denied) ... $CLIENT -> $SERVER EchoRequest"
    step_end
}

walk_policy() {
    POLICY_APPLIED=yes
    walk_ask "A policy: cni-server answers cni-same alone. It is in force everywhere when apply returns" \
        "$CLIENT_NODE" 0 policy apply -f "$WALK_POLICY"
    expect "$OUT" '^networkpolicy\.networking\.k8s\.io/cni-server created$' "networkpolicy.networking.k8s.io/cni-server created"
    # the first policy of agents' lives also loads their classes
    in_force 3000
    step_end

    walk_ask "It is stored" "$CLIENT_NODE" 0 policy get
    expect "$OUT" '^default +NetworkPolicy +cni-server ' "default NetworkPolicy cni-server"
    step_end

    walk_ask "and in the kernel of cni-server's node" "$SERVER_NODE" 0 bpf policy list
    expect "$OUT" ' Enabled +Disabled +[1-9][0-9]* +NetworkPolicy default/cni-server' "Enabled, Disabled, rules of NetworkPolicy default/cni-server"
    step_end

    walk_refused

    walk_ask "The same before anybody has sent anything: the loaded programs are asked" \
        "$CLIENT_NODE" 1 explain default/cni-client default/cni-server
    [[ $CLIENT_NODE == "$SERVER_NODE" ]] || expect "$OUT" "^$SERVER_NODE: from_netdev at $NODE_DEVICE ingress" "a way through from_netdev of $SERVER_NODE"
    expect "$OUT" '^  ingress policy +denied: no rule allows it' "denied: no rule allows it"
    expect "$OUT" '^DROPPED: Policy denied$' "DROPPED: Policy denied"
    step_end

    walk_ask "cni-same is let in, and by which rule" "$CLIENT_NODE" 0 explain default/cni-same default/cni-server
    expect "$OUT" '^  ingress policy +allowed by NetworkPolicy default/cni-server ingress\[0\]' "allowed by NetworkPolicy default/cni-server ingress[0]"
    expect "$OUT" "^ALLOWED: to ${SERVER//./\\.}" "ALLOWED: to $SERVER"
    step_end
    walk_connections

    walk_ask "Without the policy" "$CLIENT_NODE" 0 policy delete NetworkPolicy cni-server
    POLICY_APPLIED=""
    expect "$OUT" '"cni-server" deleted$' '"cni-server" deleted'
    in_force 1000
    step_end

    step "cni-client is answered again" "sandbox pod exec cni-client -- ping -c 1 $SERVER"
    OUT=$(in_netns pod-cni-client ping -c 1 -W 2 "$SERVER" 2>&1) || FAULTS+=("exit code 0")
    show "$OUT"
    expect "$OUT" ' 0% packet loss' "0% packet loss"
    step_end
}

walk_connections() {
    step "Its connections are tracked where cni-server is" "sandbox pod exec cni-same -- ping -c 1 $SERVER" \
        "sandbox fairlead $SERVER_NODE -- bpf ct list global | grep $SAME"
    in_netns pod-cni-same ping -c 1 -W 2 "$SERVER" >/dev/null 2>&1 || FAULTS+=("an answered ping")
    OUT=$(ask_agent "$SERVER_NODE" bpf ct list global 2>&1 | grep -F "$SAME:") || FAULTS+=("exit code 0")
    show "$OUT"
    expect "$OUT" "^ICMP IN ${SAME//./\\.}:[0-9]+ -> ${SERVER//./\\.}:0 expires=[0-9]+ RxPackets=1 .* SourceSecurityID=[0-9]+" \
        "ICMP IN $SAME:n -> $SERVER:0 expires=... RxPackets=1"
    step_end
}

walk_beyond() {
    local node out address=${L2_PREFIX//./\\.}
    step "What leaves the cluster leaves from the node's address" "sandbox pod exec cni-client -- ping -c 1 $OUTSIDE_IP" \
        "sandbox fairlead $CLIENT_NODE -- bpf nat list | grep $OUTSIDE_IP"
    in_netns pod-cni-client ping -c 1 -W 2 "$OUTSIDE_IP" >/dev/null 2>&1 || FAULTS+=("an answered ping")
    out=$(ask_agent "$CLIENT_NODE" bpf nat list 2>&1 | grep -F "$OUTSIDE_IP") || FAULTS+=("exit code 0")
    show "$out"
    expect "$out" "^ICMP OUT ${CLIENT//./\\.}:[0-9]+ -> ${OUTSIDE_IP//./\\.}:0 XLATE_SRC $address\.[0-9]+:[0-9]+ " "ICMP OUT $CLIENT:n -> $OUTSIDE_IP:0 XLATE_SRC"
    expect "$out" "^ICMP IN ${OUTSIDE_IP//./\\.}:0 -> $address\.[0-9]+:[0-9]+ XLATE_DST ${CLIENT//./\\.}:[0-9]+ " "ICMP IN ... XLATE_DST $CLIENT:n"
    step_end

    walk_ask "Nodes, and an endpoint of each, answer ICMP and HTTP" "$CLIENT_NODE" 0 health status
    for node in "${NODES[@]}"; do
        expect "$OUT" "^  $node( \(localhost\))?:\$" "$node"
    done
    expect_equal "$(grep -cE '(ICMP to stack|HTTP to agent): +OK, RTT=' <<<"$OUT")" $((4 * ${#NODES[@]})) "probes that are OK"
    step_end
}

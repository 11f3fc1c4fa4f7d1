# The two messages of the walk-through that an agent prints about its configuration. Both agents are in a namespace of
# their own, where no service is: the cluster never hears of them.
# shellcheck shell=bash

readonly APART=apart

# An agent waits for its pod CIDR unless it was told one before: it is, in the form the agents keep theirs.
apart_up() {
    local place=$STATE/$APART
    mkdir -p "$place/run" "$place/bpf"
    mount -t bpf bpf "$place/bpf"
    namespace_add "$APART"
    ip -n "$PREFIX-$APART" -batch - <<IP
link add $NODE_DEVICE type veth peer name $NODE_DEVICE-end
addr add $L2_PREFIX.250/24 dev $NODE_DEVICE
link set $NODE_DEVICE up
IP
    jq --arg name "$APART" '. + {name: $name}' "$STATE/nodes/$CLIENT_NODE/run/node.json" >"$place/run/node.json"
}

apart_down() {
    [[ -d $STATE/$APART ]] || return 0
    stop "$APART" 10
    unmount "$STATE/$APART/bpf"
    ip netns del "$PREFIX-$APART" 2>/dev/null || true
    rm -rf "${STATE:?}/$APART" "$STATE/proc/$APART.pid" "$STATE/log/$APART.log"
}

says_or_dies() {
    gone "$APART" || grep -qE -- "$1" "$STATE/log/$APART.log"
}

# agent_apart PATTERN KEY=VALUE...: an agent with these settings, until a line matches or it ends; its log in OUT.
agent_apart() {
    local pattern=$1 setting
    shift
    local -a arguments=("--node-name=$APART" "--devices=$NODE_DEVICE" "--ipv4-node=$L2_PREFIX.250" "--state-dir=$STATE/$APART/run"
        "--bpf-root=$STATE/$APART/bpf")
    for setting in "$@"; do
        arguments+=("--$setting")
    done
    spawn "$APART" "$APART" "$BIN_DIR/fairlead-agent" "${arguments[@]}"
    poll 30 says_or_dies "$pattern" || true
    OUT=$(<"$STATE/log/$APART.log")
}

walk_refusals() {
    local out fallback='BPF host routing requires enable-bpf-masquerade\. Falling back to legacy host routing \(enable-host-legacy-routing=true\)\.'
    local fatal='level=fatal msg="Error while creating daemon" error="invalid daemon configuration: native routing cidr must be configured with option --native-routing-cidr in combination with --masquerade --tunnel=disabled --ipam=cluster-pool --enable-ipv4=true" subsys=daemon'
    apart_up
    step "An agent without enable-bpf-masquerade, in a namespace apart, says what becomes of host routing" \
        "fairlead-agent --tunnel=disabled --native-routing-cidr=$NATIVE_ROUTING_CIDR … | grep -i falling"
    agent_apart "$fallback" tunnel=disabled "native-routing-cidr=$NATIVE_ROUTING_CIDR"
    out=$(grep -i falling <<<"$OUT") || true
    show "$out"
    expect "$out" "INFO .*: $fallback" "INFO BPF host routing requires enable-bpf-masquerade. Falling back to legacy host routing (enable-host-legacy-routing=true)."
    step_end
    stop "$APART" 10
    : >"$STATE/log/$APART.log"

    step "and one without native-routing-cidr does not start" "fairlead-agent --tunnel=disabled …"
    agent_apart 'started in [0-9]+ ms' tunnel=disabled
    out=$(grep -E 'level=fatal' <<<"$OUT") || true
    show "$out"
    expect "$out" "(^|: )$fatal\$" "$fatal"
    gone "$APART" || FAULTS+=("an agent that has ended")
    step_end
    apart_down
}

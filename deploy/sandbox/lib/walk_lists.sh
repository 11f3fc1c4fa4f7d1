# The walk-through's second half: what the agent, the kernel's maps and etcd hold.
# shellcheck shell=bash

# walk_list TITLE NODE ARGS...: a list of the fairlead command; leaves the text in OUT.
walk_list() {
    local title=$1 node=$2
    shift 2
    step "$title" "sandbox fairlead $node -- $*"
    OUT=$(ask_agent "$node" "$@" 2>&1) || FAULTS+=("exit code 0")
    show "$OUT"
}

# identity_of LIST LABEL: the number in front of a label, whether on the number's own line or below it.
identity_of() {
    awk -v label="$2" '$1 ~ /^[0-9]+$/ { id = $1 } index($0, label) { print id; exit }' <<<"$1"
}

walk_lists() {
    local id client_id pod address
    walk_list "The pods are endpoints of $CLIENT_NODE" "$CLIENT_NODE" endpoint list
    expect "$OUT" "${CLIENT//./\\.}[[:space:]]+.*ready" "$CLIENT ready"
    expect "$OUT" "${SAME//./\\.}[[:space:]]+.*ready" "$SAME ready"
    expect "$OUT" "app=cni-client" "label app=cni-client"
    step_end

    walk_list "Labels have numbers" "$CLIENT_NODE" identity list
    client_id=$(identity_of "$OUT" app=cni-client)
    [[ $client_id =~ ^[0-9]+$ && $client_id -ge 256 && $client_id -le 65535 ]] || FAULTS+=("app=cni-client with a number from 256 to 65535")
    expect "$OUT" "app=cni-server" "label app=cni-server"
    step_end

    walk_list "They are the same on every node" "$SERVER_NODE" identity list
    id=$(identity_of "$OUT" app=cni-client)
    expect "$id" '^[0-9]+$' "a number for app=cni-client"
    expect_equal "$id" "$client_id" "number of app=cni-client on $SERVER_NODE"
    step_end

    walk_list "The endpoint map in the kernel" "$CLIENT_NODE" bpf endpoint list
    expect "$OUT" "^${CLIENT//./\\.}(:0)?[[:space:]]+id=[0-9]+" "$CLIENT id=..."
    expect "$OUT" "^${SAME//./\\.}(:0)?[[:space:]]+id=[0-9]+" "$SAME id=..."
    expect "$OUT" '\(localhost\)' "the node's own address as (localhost)"
    step_end

    walk_list "The ipcache map in the kernel: every pod, its identity and its node" "$CLIENT_NODE" bpf ipcache list
    for pod in cni-client cni-same cni-server; do
        address=$(pod_ip "$pod")
        expect "$OUT" "^${address//./\\.}(/32)?[[:space:]]" "$address of $pod"
    done
    expect "$OUT" "^${CLIENT//./\\.}(/32)?[[:space:]].*$client_id" "$CLIENT with identity $client_id"
    step_end

    walk_list "Packets are counted, each with a reason" "$CLIENT_NODE" bpf metrics list
    expect "$OUT" '(EGRESS|INGRESS)[[:space:]]+[1-9][0-9]*' "forwarded packets"
    step_end
}

# record_field JSON FILTER: nothing when the value is no JSON or has no such field.
record_field() {
    jq -r "$2 // empty" <<<"$1" 2>/dev/null || true
}

walk_store() {
    local out node value
    step "etcd holds the nodes where Cilium's agents would read them" "sandbox etcdctl get --prefix cilium/state/nodes/v1/"
    out=$(etcd_client get --prefix cilium/state/nodes/v1/ 2>&1) || FAULTS+=("exit code 0")
    show "$out"
    for node in "${NODES[@]}"; do
        value=$(grep -A1 -E "^cilium/state/nodes/v1/[^/]+/$node\$" <<<"$out" | tail -n 1) || true
        expect_equal "$(record_field "$value" .Name)" "$node" "Name in $node's record"
        expect_equal "$(record_field "$value" '[.IPAddresses[]? | select(.Type == "InternalIP") | .IP][0]')" \
            "$(<"$STATE/nodes/$node/ip")" "InternalIP in $node's record"
        expect "$(record_field "$value" .IPv4AllocCIDR.IP)" "^$POD_NET\." \
            "IPv4AllocCIDR of $CLUSTER_CIDR in $node's record"
    done
    step_end

    step "and the identities and addresses" "sandbox etcdctl get --prefix --keys-only cilium/state/"
    out=$(etcd_client get --prefix --keys-only cilium/state/ 2>&1) || FAULTS+=("exit code 0")
    out=$(sed '/^$/d' <<<"$out")
    show "$out"
    expect "$out" '^cilium/state/identities/v1/id/[0-9]+$' "cilium/state/identities/v1/id/<number>"
    expect "$out" '^cilium/state/identities/v1/value/.*app=cni-client' "cilium/state/identities/v1/value/...app=cni-client..."
    expect "$out" "^cilium/state/ip/v1/default/${SERVER//./\\.}\$" "cilium/state/ip/v1/default/$SERVER"
    step_end
}

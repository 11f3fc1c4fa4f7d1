# A sandbox to measure in: pods by name, policies of any size. Sourced by the benchmarks, after topology.sh.
# shellcheck shell=bash

readonly SANDBOX=$BENCH_HOME/../deploy/sandbox/sandbox

fairlead_up() {
    [[ -x $SANDBOX ]] || bench_fail "$SANDBOX is missing"
    "$SANDBOX" up --etcd 1 --replicas 1 "$@" >&2
    SANDBOX_STATE=${FAIRLEAD_SANDBOX_STATE:-/run/fairlead-sandbox}/$FAIRLEAD_SANDBOX
}

# fairlead_kind KIND NODE NODE: three pods of one identity, group=KIND: client and same on the first node, server on the
# second. Fills in client, same, cross, same_ip and cross_ip.
fairlead_kind() {
    local kind=$1 pod
    for pod in client:$2 same:$2 server:$3; do
        "$SANDBOX" pod add "$kind-${pod%%:*}" --node "${pod#*:}" --label "group=$kind" >&2
    done
    fairlead_pods "$kind" "$kind-client" "$kind-same" "$kind-server"
}

# fairlead_pods KIND CLIENT SAME SERVER
# shellcheck disable=SC2034 # read by rounds.sh
fairlead_pods() {
    client[$1]=fl-$FAIRLEAD_SANDBOX-pod-$2
    same[$1]=fl-$FAIRLEAD_SANDBOX-pod-$3 same_ip[$1]=$(fairlead_ip "$3")
    cross[$1]=fl-$FAIRLEAD_SANDBOX-pod-$4 cross_ip[$1]=$(fairlead_ip "$4")
}

fairlead_ip() {
    jq -er '[.ips[].address | select(contains(":") | not)][0] | split("/")[0]' "$SANDBOX_STATE/pods/$1/result.json"
}

fairlead_device() {
    jq -er '[.interfaces[] | select((.sandbox // "") == "") | .name][0]' "$SANDBOX_STATE/pods/$1/result.json"
}

# fairlead_policy GROUP PORTS CIDRS: what the group's pods may send and receive, both ways: PORTS ports (rr's in their
# midst), TCP and UDP each, with every pod that has a label group; 443 with CIDRS addresses of the world. With PORTS 0
# everything, by one entry each way. Prints JSON.
fairlead_policy() {
    jq -n --arg group "$1" --argjson ports "$2" --argjson cidrs "$3" '
        ([range($ports) | 7007 + 3 * (. - ($ports / 2 | floor)) | {port: "\(.)"}
            | (. + {protocol: "TCP"}, . + {protocol: "UDP"})]
            | [range(0; length; 40) as $at | {ports: .[$at:$at + 40]}]) as $list
        | [{matchExpressions: [{key: "group", operator: "Exists"}]}] as $pods
        | [range($cidrs) | "100.\(64 + (. / 65536 | floor)).\(. / 256 % 256 | floor).\(. % 256)/32"] as $world
        | [{ports: [{port: "443", protocol: "TCP"}]}] as $https
        | {apiVersion: "cilium.io/v2", kind: "CiliumNetworkPolicy", metadata: {name: "bench-\($group)", namespace: "default"},
           spec: {endpointSelector: {matchLabels: {group: $group}},
             ingress: (if $ports == 0 then [{fromEntities: ["all"]}] else [{fromEndpoints: $pods, toPorts: $list}] end
                 + if $cidrs == 0 then [] else [{fromCIDR: $world, toPorts: $https}] end),
             egress: (if $ports == 0 then [{toEntities: ["all"]}] else [{toEndpoints: $pods, toPorts: $list}] end
                 + if $cidrs == 0 then [] else [{toCIDR: $world, toPorts: $https}] end)}}'
}

# fairlead_apply DOCUMENT: in force on all nodes when it returns.
fairlead_apply() {
    "$SANDBOX" fairlead dev1 -- policy apply -f "$1" --identity-service-address 192.168.2.10:7301 --wait 60s >&2 \
        || bench_fail "$1: not in force"
}

# Entries that judge the pods of a group, both ways.
fairlead_entries() {
    "$SANDBOX" fairlead dev1 -- endpoint list -o json | jq -er --arg pod "$1-client" \
        '.[].status | select(."external-identifiers"."k8s-pod-name" == $pod) | .policy.realized.entries'
}

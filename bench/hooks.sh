#!/usr/bin/env bash
# Time each hook takes for a packet, by BPF_PROG_TEST_RUN on the programs a node has loaded; a run of an empty program is
# taken off. Nothing is sent, but connections and translations are made as for real packets.
#   bench/hooks.sh [--runs N]
# Prints Markdown.
set -euo pipefail

BENCH_HOME=$(dirname "$(readlink -f "$0")")
for part in topology rounds fairlead; do
    # shellcheck source=/dev/null
    source "$BENCH_HOME/$part.sh"
done
readonly HOOKS=$BENCH_HOME/target/hooks
runs=12000
while [[ $# -gt 0 ]]; do
    case $1 in
        --runs) runs=${2:?} && shift 2 ;;
        *) bench_fail "$1 (expected: --runs N)" ;;
    esac
done
[[ $runs =~ ^[1-9][0-9]{2,4}$ && $runs -le 15000 ]] || bench_fail "--runs: $runs (expected: 100 to 15000)"
[[ -x $HOOKS ]] || bench_fail "$HOOKS is missing (expected: 'make build' first)"

export FAIRLEAD_SANDBOX=hooks$$
cleanup() {
    "$SANDBOX" down >&2 || true
    bench_cleanup
}
bench_prefix
trap cleanup EXIT
fairlead_up --nodes 2 --no-pods --config debug-verbose=
fairlead_kind pods dev1 dev2

links=$SANDBOX_STATE/nodes/dev1/bpf/links netns=/run/netns/fl-$FAIRLEAD_SANDBOX-dev1
device=$(fairlead_device pods-client)
client=$(fairlead_ip pods-client) same=$(fairlead_ip pods-same) server=$(fairlead_ip pods-server)
node=$(<"$SANDBOX_STATE/nodes/dev1/ip") world=203.0.113.10 anybody=02:00:00:00:00:01
wire_mac=$(ip -n "fl-$FAIRLEAD_SANDBOX-dev1" -j link show ens33 | jq -r '.[0].address')

# hook LINK DEVICE TO-MAC PROTOCOL SRC DST KIND: median ns, an empty run off.
hook() {
    "$HOOKS" "$links/$1" "$netns" "$2" "$anybody" "$3" "$4" "$5" "$6" "$7" "$runs" | jq -er '.median - .empty_median'
}

# line TEXT LINK DEVICE TO-MAC PROTOCOL SRC DST KIND...: of each KIND a cell, "-" for one that has no meaning.
line() {
    local text=$1 cells="" kind port
    local -a packet=("${@:2:4}") ends=("$6" "$7")
    for kind in "${@:8}"; do
        case $kind in
            -) cells+=" | -" ;;
            new)
                # ports nobody has used yet
                port=$next_port
                cells+=" | $(hook "${packet[@]}" "${ends[0]%:*}:$port" "${ends[1]}" new)"
                ;;
            *) cells+=" | $(hook "${packet[@]}" "${ends[@]}" "$kind")" ;;
        esac
    done
    echo "| $text$cells |"
}

pod_lines() {
    local note=$1
    line "from_container, pod of this node, UDP$note" "$device-ingress" "$device" "$anybody" udp "$client:900" "$same" row steady new
    line "from_container, pod of this node, TCP$note" "$device-ingress" "$device" "$anybody" tcp "$client:901" "$same" row steady new
    line "from_container, pod of another node, UDP$note" "$device-ingress" "$device" "$anybody" udp "$client:902" "$server" row steady new
    line "from_container, pod of another node, TCP$note" "$device-ingress" "$device" "$anybody" tcp "$client:903" "$server" row steady new
    line "from_netdev, to a pod, UDP$note" ens33-ingress ens33 "$wire_mac" udp "$server:904" "$client" row steady new
    line "from_netdev, to a pod, TCP$note" ens33-ingress ens33 "$wire_mac" tcp "$server:905" "$client" row steady new
    line "from_host, to a pod, UDP$note" fl_host-egress fl_host "$anybody" udp "$node:906" "$client" row steady new
}

echo "## Hooks"
echo
machine_line
echo
echo "ns a packet, median, what an empty program takes off. *In a row*: 200 packets of one connection by one call, all caches warm;"
echo "*one by one*: a packet a call; *new*: each packet begins a connection. *Judged* pods have a policy of some hundred entries."
echo
echo "| hook, packet | in a row | one by one | new |"
echo "|---|---|---|---|"
next_port=1024
pod_lines ""
line "from_container, to the world, masqueraded, UDP" "$device-ingress" "$device" "$anybody" udp "$client:40000" "$world" - steady new
line "from_netdev, masqueraded answer, UDP" ens33-ingress ens33 "$wire_mac" udp "$world:7007" "$node:40000" - steady -
line "from_netdev, for the node itself, TCP" ens33-ingress ens33 "$wire_mac" tcp "$world:907" "$node:22" row steady -
line "to_netdev, the node's own connection, TCP" ens33-egress ens33 "$anybody" tcp "$node:50000" "$world:80" row steady -
HOOKS_MARK=0x300 line "to_netdev, what from_container sends" ens33-egress ens33 "$anybody" udp "$client:908" "$server" row steady -
fairlead_policy pods 48 100 >"$BENCH_DIR/policy.json"
fairlead_apply "$BENCH_DIR/policy.json"
next_port=30000
# The world's addresses aside, the node may reach its pods by itself.
pod_lines ", judged"

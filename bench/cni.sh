#!/usr/bin/env bash
# How long a container runtime waits for ADD and DEL: Fairlead's plugin beside Debian's bridge + host-local with ipMasq.
#   bench/cni.sh [--count N] [--without-fairlead]
# The two take turns, one pod each. Only the plugin's run is timed, not making the network namespace. Prints Markdown.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=bench/topology.sh
source "$here/topology.sh"
readonly SANDBOX=$here/../deploy/sandbox/sandbox
readonly PLUGIN_DIR=${FAIRLEAD_CNI_DIR:-$here/../node-dataplane/target/cni}
count=30 fairlead=yes
while [[ $# -gt 0 ]]; do
    case $1 in
        --count) count=${2:?} && shift 2 ;;
        --without-fairlead) fairlead=no && shift ;;
        *) bench_fail "$1 (expected: --count N or --without-fairlead)" ;;
    esac
done
[[ $count =~ ^[1-9][0-9]*$ && $count -le 200 ]] || bench_fail "--count: $count (expected: 1-200)"

export FAIRLEAD_SANDBOX=cni$$
cleanup() {
    [[ $fairlead == no ]] || "$SANDBOX" down >&2 || true
    bench_cleanup
}
bench_prefix
trap cleanup EXIT
bridge_up
kinds=(bridge)
if [[ $fairlead == yes ]]; then
    "$SANDBOX" up --etcd 1 --replicas 1 --nodes 1 --no-pods >&2
    kinds+=(fairlead)
    state=${FAIRLEAD_SANDBOX_STATE:-/run/fairlead-sandbox}/$FAIRLEAD_SANDBOX
    jq '. + {args: {cni: {labels: [{key: "app", value: "bench"}]}}}' "$state/nodes/dev1/cni/fairlead.conf" >"$BENCH_DIR/fairlead.conf"
fi

fairlead_plugin() {
    CNI_COMMAND=$1 CNI_CONTAINERID=$3 CNI_NETNS=$4 CNI_IFNAME=eth0 CNI_PATH=$PLUGIN_DIR \
        CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=$3" \
        nsenter --net="/run/netns/fl-$FAIRLEAD_SANDBOX-dev1" -- "$PLUGIN_DIR/fairlead-cni" <"$BENCH_DIR/fairlead.conf"
}

# timed KIND COMMAND ID NETNS: appends the microseconds to the results.
timed() {
    local kind=$1 command=$2 from to
    from=${EPOCHREALTIME/[.,]/}
    "${kind}_plugin" "$command" 0 "$3" "$4" >"$BENCH_DIR/answer" || bench_fail "$kind $command: $(<"$BENCH_DIR/answer")"
    to=${EPOCHREALTIME/[.,]/}
    echo "$kind $command $((to - from))" >>"$BENCH_DIR/results"
}

for command in ADD DEL; do
    for ((n = 0; n < count; n++)); do
        for ((turn = 0; turn < ${#kinds[@]}; turn++)); do
            kind=${kinds[(turn + n) % ${#kinds[@]}]}
            netns=$BENCH-$kind-p$n
            [[ $command == DEL ]] || { ip netns add "$netns" && ip -n "$netns" link set lo up; }
            timed "$kind" "$command" "bench$n" "/run/netns/$netns"
            # what a plugin leaves to the background must not slow the next one
            sleep 0.1
            [[ $command == ADD ]] || ip netns del "$netns"
        done
    done
done

percentile() {
    awk -v kind="$1" -v command="$2" '$1 == kind && $2 == command { print $3 }' "$BENCH_DIR/results" | sort -n \
        | awk -v p="$3" '{ v[NR] = $1 } END { i = int(NR * p / 100 + 0.999999); printf "%.1f", v[i < 1 ? 1 : i] / 1000 }'
}

echo "## CNI"
echo
machine_line
echo
echo "Milliseconds the plugin runs, $count pods each, taking turns. A run of the bridge plugin includes host-local's and iptables'."
echo
echo "| plugin | ADD p50 | ADD p90 | DEL p50 | DEL p90 |"
echo "|---|---|---|---|---|"
for kind in "${kinds[@]}"; do
    echo "| $kind | $(percentile "$kind" ADD 50) | $(percentile "$kind" ADD 90) | $(percentile "$kind" DEL 50) | $(percentile "$kind" DEL 90) |"
done

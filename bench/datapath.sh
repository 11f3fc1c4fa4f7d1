#!/usr/bin/env bash
# Time a packet takes: Fairlead, with and without policies, beside plain kernel routing and beside Debian's bridge +
# host-local with ipMasq.
#   bench/datapath.sh [--rounds N] [--seconds S] [--without-fairlead]
# Rounds are interleaved and their order rotates, so that what else the machine does hits all alike. Prints Markdown.
set -euo pipefail

BENCH_HOME=$(dirname "$(readlink -f "$0")")
for part in topology rounds fairlead; do
    # shellcheck source=/dev/null
    source "$BENCH_HOME/$part.sh"
done
rounds=7 seconds=0.4 fairlead=yes modes="udp-batch udp-rr tcp-rr tcp-crr tcp-stream" places="same cross"
# Entries of the judged pods' policy, both ways: 48 ports of 2 protocols with each other, 100 addresses of the world.
readonly POLICY_PORTS=48 POLICY_CIDRS=100
while [[ $# -gt 0 ]]; do
    case $1 in
        --rounds) rounds=${2:?} && shift 2 ;;
        --seconds) seconds=${2:?} && shift 2 ;;
        --without-fairlead) fairlead=no && shift ;;
        *) bench_fail "$1 (expected: --rounds N, --seconds S or --without-fairlead)" ;;
    esac
done
[[ $rounds =~ ^[1-9][0-9]*$ ]] || bench_fail "--rounds: $rounds (expected: a positive number)"
[[ -x $RR ]] || bench_fail "$RR is missing (expected: 'make build' first)"

export FAIRLEAD_SANDBOX=bench$$
cleanup() {
    [[ $fairlead == no ]] || "$SANDBOX" down >&2 || true
    bench_cleanup
}
bench_prefix
trap cleanup EXIT

plain_up
# shellcheck disable=SC2154 # keys, not variables
client[plain]=$BENCH-plain-a same[plain]=$BENCH-plain-b cross[plain]=$BENCH-plain-c
same_ip[plain]=10.244.0.11 cross_ip[plain]=10.244.1.10
bridge_up
bridge_pod 0 a >/dev/null
# shellcheck disable=SC2154 # keys, not variables
same_ip[bridge]=$(bridge_pod 0 b)
cross_ip[bridge]=$(bridge_pod 1 c)
client[bridge]=$BENCH-bridge-a same[bridge]=$BENCH-bridge-b cross[bridge]=$BENCH-bridge-c
kinds=(plain bridge)
if [[ $fairlead == yes ]]; then
    fairlead_up --nodes 2 --no-pods --config debug-verbose=
    fairlead_kind fairlead dev1 dev2
    fairlead_kind policy dev1 dev2
    fairlead_policy policy "$POLICY_PORTS" "$POLICY_CIDRS" >"$BENCH_DIR/policy.json"
    fairlead_apply "$BENCH_DIR/policy.json"
    kinds+=(fairlead policy)
fi
measure_rounds

echo "## Datapath"
echo
machine_line
echo
echo "Ratios to plain kernel routing of the time a transaction takes (udp-batch: a packet; tcp-stream: 1 MiB); lower is better. Each cell is the"
ratios_text
if [[ $fairlead == yes ]]; then
    echo "The pods of the column policy may send and receive only what a policy of $(fairlead_entries policy) entries says; those of fairlead have none."
fi
echo
export BASE="plain routing"
table same
echo
table cross

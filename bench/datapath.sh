#!/usr/bin/env bash
# Time a packet takes: Fairlead beside plain kernel routing and beside Debian's bridge + host-local with ipMasq.
#   bench/datapath.sh [--rounds N] [--seconds S] [--without-fairlead]
# Rounds are interleaved and their order rotates, so that what else the machine does hits all alike. Prints Markdown.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=bench/topology.sh
source "$here/topology.sh"
readonly RR=$here/target/rr
readonly SANDBOX=$here/../deploy/sandbox/sandbox
readonly MODES="udp-batch udp-rr tcp-rr tcp-crr tcp-stream"
rounds=7 seconds=1 fairlead=yes
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

# CLIENT, SAME and CROSS: namespace and address of the three pods of a kind.
declare -A client same cross same_ip cross_ip
plain_up
client[plain]=$BENCH-plain-a same[plain]=$BENCH-plain-b cross[plain]=$BENCH-plain-c
same_ip[plain]=10.244.0.11 cross_ip[plain]=10.244.1.10
bridge_up
bridge_pod 0 a >/dev/null
same_ip[bridge]=$(bridge_pod 0 b)
cross_ip[bridge]=$(bridge_pod 1 c)
client[bridge]=$BENCH-bridge-a same[bridge]=$BENCH-bridge-b cross[bridge]=$BENCH-bridge-c
kinds=(plain bridge)
if [[ $fairlead == yes ]]; then
    "$SANDBOX" up --nodes 2 >&2
    kinds+=(fairlead)
    for pod in client same server; do
        ip=$("$SANDBOX" pods | awk -v pod="cni-$pod" '$1 == pod { print $3 }')
        case $pod in
            client) client[fairlead]=fl-$FAIRLEAD_SANDBOX-pod-cni-client ;;
            same) same[fairlead]=fl-$FAIRLEAD_SANDBOX-pod-cni-same same_ip[fairlead]=$ip ;;
            server) cross[fairlead]=fl-$FAIRLEAD_SANDBOX-pod-cni-server cross_ip[fairlead]=$ip ;;
        esac
    done
fi

# measure KIND PLACE MODE ROUND: one line "kind place mode min p10 median p99 lost" into the results.
measure() {
    local kind=$1 place=$2 mode=$3 server address
    if [[ $place == same ]]; then
        server=${same[$kind]} address=${same_ip[$kind]}
    else
        server=${cross[$kind]} address=${cross_ip[$kind]}
    fi
    timeout -s KILL 90 "$RR" "$mode" "/run/netns/$server" "/run/netns/${client[$kind]}" "$address" "$seconds" \
        | jq -r --arg kind "$kind" --arg place "$place" '[$kind, $place, .mode, .min, .p10, .median, .p99, .lost] | @tsv' \
            >>"$BENCH_DIR/results" || bench_fail "$mode of $kind, $place node: no result"
}

for ((round = 0; round < rounds; round++)); do
    echo "round $((round + 1)) of $rounds" >&2
    for place in same cross; do
        for mode in $MODES; do
            for ((turn = 0; turn < ${#kinds[@]}; turn++)); do
                measure "${kinds[(turn + round) % ${#kinds[@]}]}" "$place" "$mode"
            done
        done
    done
done

# A cell: the median over rounds of each round's value; spread: (highest - lowest) / median of the rounds' ratios.
table() {
    local place=$1
    awk -F'\t' -v place="$place" -v kinds="${kinds[*]}" -v modes="$MODES" -v rounds="$rounds" '
        function sorted_median(list, n,   i, j, t) {
            for (i = 2; i <= n; i++) for (j = i; j > 1 && list[j] < list[j - 1]; j--) { t = list[j]; list[j] = list[j - 1]; list[j - 1] = t }
            return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
        }
        $2 == place { n = ++seen[$1, $3]; min[$1, $3, n] = $4; p10[$1, $3, n] = $5; median[$1, $3, n] = $6; lost[$1] += $8 }
        function cell(kind, mode,   n, list, low, r) {
            for (n = 1; n <= rounds; n++) { list[n] = min[kind, mode, n] / min["plain", mode, n] }
            r = sorted_median(list, rounds); low = list[1]
            out = sprintf("%.2f (%.2f-%.2f)", r, low, list[rounds])
            for (n = 1; n <= rounds; n++) { list[n] = p10[kind, mode, n] / p10["plain", mode, n] }
            return out sprintf(", p10 %.2f", sorted_median(list, rounds))
        }
        END {
            count = split(kinds, k, " "); m = split(modes, mo, " ")
            line = "| " place " node | plain routing, min us"; rule = "|---|---"
            for (i = 2; i <= count; i++) { line = line " | " k[i] "/plain"; rule = rule "|---" }
            print line " |"; print rule "|"
            for (j = 1; j <= m; j++) {
                for (n = 1; n <= rounds; n++) list[n] = min["plain", mo[j], n]
                line = sprintf("| %s | %.2f", mo[j], sorted_median(list, rounds))
                for (i = 2; i <= count; i++) line = line " | " cell(k[i], mo[j])
                print line " |"
            }
            for (i = 1; i <= count; i++) if (lost[k[i]] > 0) printf "\n%s lost %d transactions.\n", k[i], lost[k[i]]
        }' "$BENCH_DIR/results"
}

echo "## Datapath"
echo
machine_line
echo
echo "Ratios to plain kernel routing of the time a transaction takes (udp-batch: a packet; tcp-stream: 1 MiB); lower is better. Each cell is the"
echo "median over $rounds interleaved rounds of the ratio of the rounds' fastest transactions, in brackets the lowest and highest"
echo "ratio, then the same of the tenth percentile. Client and server share one CPU under SCHED_FIFO."
echo
table same
echo
table cross

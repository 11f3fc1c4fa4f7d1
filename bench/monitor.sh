#!/usr/bin/env bash
# What an attached `fairlead monitor -vv` costs requests and responses of pods: the same paths with nobody listening and
# with the monitor of the clients' node writing to a file, in turns.
#   bench/monitor.sh [--rounds N] [--seconds S] [--aggregation "LEVEL..."]
# Prints Markdown: tables for each level of monitor-aggregation; "+debug" behind one: with debug-verbose=datapath.
set -euo pipefail

BENCH_HOME=$(dirname "$(readlink -f "$0")")
for part in topology rounds fairlead; do
    # shellcheck source=/dev/null
    source "$BENCH_HOME/$part.sh"
done
rounds=5 seconds=0.4 levels="medium none none+debug" modes="udp-rr tcp-rr" places="same cross"
while [[ $# -gt 0 ]]; do
    case $1 in
        --rounds) rounds=${2:?} && shift 2 ;;
        --seconds) seconds=${2:?} && shift 2 ;;
        --aggregation) levels=${2:?} && shift 2 ;;
        *) bench_fail "$1 (expected: --rounds N, --seconds S or --aggregation LEVELS)" ;;
    esac
done
[[ $rounds =~ ^[1-9][0-9]*$ ]] || bench_fail "--rounds: $rounds (expected: a positive number)"
[[ -x $RR ]] || bench_fail "$RR is missing (expected: 'make build' first)"

export FAIRLEAD_SANDBOX=monitor$$
MONITOR=""
cleanup() {
    [[ -z $MONITOR ]] || kill "$MONITOR" 2>/dev/null || true
    "$SANDBOX" down >&2 || true
    bench_cleanup
}
bench_prefix
trap cleanup EXIT

# The command itself is the job, for its pid: the launcher and nsenter become it.
attach() {
    : >"$BENCH_DIR/lines"
    FAIRLEAD_SOCKET=$SANDBOX_STATE/nodes/dev1/run/agent.sock nsenter --net="/run/netns/fl-$FAIRLEAD_SANDBOX-dev1" -- \
        "$BENCH_HOME/../deploy/bin/fairlead" monitor -vv >"$BENCH_DIR/lines" 2>"$BENCH_DIR/monitor.err" &
    MONITOR=$!
    local tries
    for ((tries = 0; tries < 200; tries++)); do
        ! grep -q "^Listening" "$BENCH_DIR/lines" || return 0
        sleep 0.05
    done
    bench_fail "monitor: $(<"$BENCH_DIR/monitor.err") (expected: that it listens within 10 s)"
}

detach() {
    kill "$MONITOR"
    wait "$MONITOR" 2>/dev/null || true
    MONITOR=""
    # a line of Lost says how many
    awk '/ MARK .* FROM /{ shown++ } / Lost [0-9]+ events$/{ lost += $(NF - 1) } END { print shown + 0, lost + 0 }' "$BENCH_DIR/lines" >>"$BENCH_DIR/shown"
}

# Each round: every path without, then every path with it, or the other way round.
measure_with_and_without() {
    local round place mode turn kind
    for ((round = 0; round < rounds; round++)); do
        echo "round $((round + 1)) of $rounds" >&2
        for turn in 0 1; do
            kind=${kinds[(turn + round) % 2]}
            [[ $kind == alone ]] || attach
            for place in $places; do
                for mode in $modes; do
                    measure pods "$place" "$mode" "$kind"
                done
            done
            [[ $kind == alone ]] || detach
        done
    done
}

echo "## Monitor"
echo
machine_line
echo
echo "Time of a request and its response between pods while \`fairlead monitor -vv\` on the client's node writes to a file, beside the"
echo "same with nobody listening:"
SECOND=median ratios_text median
export BASE="nobody listens" SECOND=median
kinds=(alone monitored)
for level in $levels; do
    : >"$BENCH_DIR/results"
    : >"$BENCH_DIR/shown"
    fairlead_up --nodes 2 --no-pods --config "monitor-aggregation=${level%+debug}" --config "debug-verbose=$([[ $level != *+debug ]] || echo datapath)"
    fairlead_kind pods dev1 dev2
    measure_with_and_without
    "$SANDBOX" down >&2
    echo
    echo "monitor-aggregation ${level/+debug/, debug-verbose datapath}: $(awk '{ shown += $1; lost += $2 } END { printf "%.0f events shown, %.0f lost, in all rounds", shown, lost }' "$BENCH_DIR/shown")."
    for place in $places; do
        echo
        table "$place"
    done
done

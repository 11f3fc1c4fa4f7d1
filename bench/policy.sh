#!/usr/bin/env bash
# What policies cost: packets and new connections under policies of 2 to some 16,000 entries, with few and with 250
# endpoints on the node; how long a change takes until all nodes enforce it; how long `fairlead explain` runs.
#   bench/policy.sh [--rounds N] [--seconds S] [--endpoints N] [--applies N]
# Prints Markdown.
set -euo pipefail

BENCH_HOME=$(dirname "$(readlink -f "$0")")
for part in topology rounds fairlead; do
    # shellcheck source=/dev/null
    source "$BENCH_HOME/$part.sh"
done
readonly DIST=$BENCH_HOME/../deploy/target/dist
rounds=3 seconds=0.25 endpoints=250 applies=50 modes="udp-batch tcp-crr" places="same cross"
while [[ $# -gt 0 ]]; do
    case $1 in
        --rounds) rounds=${2:?} && shift 2 ;;
        --seconds) seconds=${2:?} && shift 2 ;;
        --endpoints) endpoints=${2:?} && shift 2 ;;
        --applies) applies=${2:?} && shift 2 ;;
        *) bench_fail "$1 (expected: --rounds N, --seconds S, --endpoints N or --applies N)" ;;
    esac
done
[[ $rounds =~ ^[1-9][0-9]*$ ]] || bench_fail "--rounds: $rounds (expected: a positive number)"
[[ $applies =~ ^[1-9][0-9]*$ ]] || bench_fail "--applies: $applies (expected: a positive number)"
# A node has 254 addresses, some are its own and the measured pods'.
[[ $endpoints =~ ^[1-9][0-9]*$ && $endpoints -ge 20 && $endpoints -le 250 ]] || bench_fail "--endpoints: $endpoints (expected: 20 to 250)"
[[ -x $RR ]] || bench_fail "$RR is missing (expected: 'make build' first)"

export FAIRLEAD_SANDBOX=policy$$
cleanup() {
    "$SANDBOX" down >&2 || true
    bench_cleanup
}
bench_prefix
trap cleanup EXIT

# apply_times TEXT DOCUMENT
apply_times() {
    nsenter --net="/run/netns/fl-$FAIRLEAD_SANDBOX-ctl" -- java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
        -cp "$BENCH_HOME/target/classes:$DIST/lib/*" -Dslf4j.provider=org.slf4j.helpers.NOP_FallbackServiceProvider \
        -Dslf4j.internal.verbosity=WARN io.fairlead.bench.policy.PolicyApplyBench 192.168.2.10 7301 "$2" "$applies" "$1"
}

explain_times() {
    local n from
    for ((n = 0; n < 15; n++)); do
        from=${EPOCHREALTIME/[.,]/}
        "$SANDBOX" fairlead dev1 -- explain default/none-client "$1:7007/tcp" >"$BENCH_DIR/explained" || bench_fail "explain: $(<"$BENCH_DIR/explained")"
        echo $(((${EPOCHREALTIME/[.,]/} - from) / 1000))
    done | sort -n | awk '{ v[NR] = $1 } END { printf "%d [%d-%d]", v[int((NR + 1) / 2)], v[1], v[NR] }'
}

# Pods beside those that are measured, an identity each, on the first node. What changes nothing is not measured.
fill() {
    local n=$1 to=$2
    while ((n < to)); do
        for ((batch = 0; batch < 4 && n < to; batch++, n++)); do
            "$SANDBOX" pod add "fill$n" --node dev1 --label "group=fill$n" >"$BENCH_DIR/fill$n" 2>&1 &
        done
        wait
    done
    ls -d "$SANDBOX_STATE"/pods/*/result.json >/dev/null
}

plain_up
# shellcheck disable=SC2154 # keys, not variables
client[plain]=$BENCH-plain-a same[plain]=$BENCH-plain-b cross[plain]=$BENCH-plain-c
same_ip[plain]=10.244.0.11 cross_ip[plain]=10.244.1.10
fairlead_up --nodes 3 --no-pods --config debug-verbose=
for kind in none all medium large; do
    fairlead_kind "$kind" dev1 dev3
done

echo "## Policies"
echo
machine_line
echo
echo "### From apply to in force"
echo
echo "Milliseconds from the call that stores a changed policy to the answer that every node has it in its kernel."
echo
echo "| policy | nodes | applies | p50 ms | p99 ms | worst ms |"
echo "|---|---|---|---|---|---|"
fairlead_policy medium 4 1 >"$BENCH_DIR/small.json"
apply_times "a few entries, of pods on 2 of the nodes" "$BENCH_DIR/small.json"
fairlead_policy medium 4 200 >"$BENCH_DIR/cidrs.json"
apply_times "400 entries for addresses of the world" "$BENCH_DIR/cidrs.json"
echo
echo "\`fairlead explain\` of a new connection, from fork to exit, ms, median [min-max] of 15: same node $(explain_times "${same_ip[none]}"),"
echo "another node $(explain_times "${cross_ip[none]}")."
echo
echo "### Endpoints"
echo
echo "Ratios to plain kernel routing of the time a packet (udp-batch) and a connection with one round trip (tcp-crr) take; pods without"
echo "policies. Each cell is the"
ratios_text
export BASE="plain routing"
count_endpoints() {
    bpftool -j map dump pinned "$SANDBOX_STATE/nodes/dev1/bpf/interfaces" | jq length
}
kinds=(plain none)
for step in few many; do
    [[ $step == few ]] || fill 8 "$endpoints"
    : >"$BENCH_DIR/results"
    measure_rounds
    echo
    echo "$(count_endpoints) endpoints on the node, $("$SANDBOX" fairlead dev1 -- identity list -o json | jq length) identities:"
    for place in $places; do
        echo
        table "$place"
    done
done

echo
echo "### Entries"
echo
kinds=(none all medium large)
fairlead_policy all 0 0 >"$BENCH_DIR/all.json"
fairlead_policy medium 1 0 >"$BENCH_DIR/medium.json"
fairlead_policy large 15 0 >"$BENCH_DIR/large.json"
for kind in all medium large; do
    fairlead_apply "$BENCH_DIR/$kind.json"
done
: >"$BENCH_DIR/results"
measure_rounds
echo "The same node with its $(count_endpoints) endpoints. Beside pods without a policy: *all* may do everything by $(fairlead_entries all) entries, *medium* has"
echo "$(fairlead_entries medium) entries, *large* $(fairlead_entries large); all are in one map. Each cell is the"
ratios_text
export BASE="no policy"
for place in $places; do
    echo
    table "$place"
done

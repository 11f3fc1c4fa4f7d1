# Rounds of rr over kinds of clusters, interleaved, and the table of their ratios. Sourced by the benchmarks.
# shellcheck shell=bash
#
# The caller sets: kinds (the first is what the others are compared with), modes, places, rounds, seconds, BASE (its
# column's title), and for each kind client, same, cross (namespaces), same_ip, cross_ip.
# shellcheck disable=SC2154

readonly RR=$BENCH_HOME/target/rr
declare -A client same cross same_ip cross_ip

# measure KIND PLACE MODE: one line "kind place mode min p10 median p99 lost" into the results.
measure() {
    local kind=$1 place=$2 mode=$3 server address
    if [[ $place == same ]]; then
        server=${same[$kind]} address=${same_ip[$kind]}
    else
        server=${cross[$kind]} address=${cross_ip[$kind]}
    fi
    timeout -s KILL 90 "$RR" "$mode" "/run/netns/$server" "/run/netns/${client[$kind]}" "$address" "$seconds" \
        | jq -r --arg kind "${4:-$kind}" --arg place "$place" '[$kind, $place, .mode, .min, .p10, .median, .p99, .lost] | @tsv' \
            >>"$BENCH_DIR/results" || bench_fail "$mode of $kind, $place node: no result"
}

# measure_rounds: every place and mode, the kinds in turn and in another order each round.
measure_rounds() {
    local round place mode turn
    for ((round = 0; round < rounds; round++)); do
        echo "round $((round + 1)) of $rounds" >&2
        for place in $places; do
            for mode in $modes; do
                for ((turn = 0; turn < ${#kinds[@]}; turn++)); do
                    measure "${kinds[(turn + round) % ${#kinds[@]}]}" "$place" "$mode"
                done
            done
        done
    done
}

# table PLACE: a row for each mode. A cell: the median over rounds of each round's ratio of fastest transactions, in
# brackets the lowest and highest; then the same of the tenth percentile, or of what SECOND says: p10 or median.
table() {
    awk -F'\t' -v place="$1" -v kinds="${kinds[*]}" -v modes="$modes" -v rounds="$rounds" -v base="$BASE" -v second="${SECOND:-p10}" '
        function sorted_median(list, n,   i, j, t) {
            for (i = 2; i <= n; i++) for (j = i; j > 1 && list[j] < list[j - 1]; j--) { t = list[j]; list[j] = list[j - 1]; list[j - 1] = t }
            return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
        }
        $2 == place { n = ++seen[$1, $3]; min[$1, $3, n] = $4; other[$1, $3, n] = second == "p10" ? $5 : $6; lost[$1] += $8 }
        function cell(kind, mode,   n, list, low, r) {
            for (n = 1; n <= rounds; n++) { list[n] = min[kind, mode, n] / min[k[1], mode, n] }
            r = sorted_median(list, rounds); low = list[1]
            out = sprintf("%.2f (%.2f-%.2f)", r, low, list[rounds])
            for (n = 1; n <= rounds; n++) { list[n] = other[kind, mode, n] / other[k[1], mode, n] }
            return out sprintf(", %s %.2f", second, sorted_median(list, rounds))
        }
        END {
            count = split(kinds, k, " "); m = split(modes, mo, " ")
            line = "| " place " node | " base ", min us"; rule = "|---|---"
            for (i = 2; i <= count; i++) { line = line " | " k[i] "/" k[1]; rule = rule "|---" }
            print line " |"; print rule "|"
            for (j = 1; j <= m; j++) {
                for (n = 1; n <= rounds; n++) list[n] = min[k[1], mo[j], n]
                line = sprintf("| %s | %.2f", mo[j], sorted_median(list, rounds))
                for (i = 2; i <= count; i++) line = line " | " cell(k[i], mo[j])
                print line " |"
            }
            for (i = 1; i <= count; i++) if (lost[k[i]] > 0) printf "\n%s lost %d transactions.\n", k[i], lost[k[i]]
        }' "$BENCH_DIR/results"
}

ratios_text() {
    echo "median over $rounds interleaved rounds of the ratio of the rounds' fastest transactions, in brackets the lowest and highest"
    echo "ratio, then the same of the ${1:-tenth percentile}. Client and server share one CPU under SCHED_FIFO."
}

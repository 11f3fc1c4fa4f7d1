# tcpdump while something happens: what passed a device, and how many requests and replies that was.
# shellcheck shell=bash

# capture_start NODE DEVICE FILTER: returns when tcpdump listens. Appends to CAPTURES the pid and the file.
capture_start() {
    local node=$1 device=$2 filter=$3 file
    file=$(mktemp "$STATE/capture.XXXXXX")
    # Not by in_netns: the job must be tcpdump itself, for its pid. TERM, not INT: background jobs ignore INT.
    nsenter --net="$(netns_path "$node")" -- tcpdump -pnel --immediate-mode -i "$device" "$filter" >"$file" 2>"$file.err" 9<&- &
    CAPTURES+=("$! $file")
    poll 10 grep -q "listening on" "$file.err" || die "tcpdump on $device of $node: $(<"$file.err")"
}

# capture_stop COUNT: once each capture has seen COUNT packets and a moment more has passed, ends them all. CAPTURED
# holds their texts in the order they were started.
capture_stop() {
    local expected=$1 entry
    CAPTURED=()
    for entry in "${CAPTURES[@]}"; do
        poll 3 at_least_lines "$expected" "${entry#* }" || true
    done
    # What must not be there gets this long to appear.
    sleep 0.3
    for entry in "${CAPTURES[@]}"; do
        kill -TERM "${entry%% *}" 2>/dev/null || true
        wait "${entry%% *}" 2>/dev/null || true
        CAPTURED+=("$(<"${entry#* }")")
        rm -f "${entry#* }" "${entry#* }.err"
    done
    CAPTURES=()
}

at_least_lines() {
    [[ $(wc -l <"$2") -ge $1 ]]
}

# A walk that ends in the middle leaves no tcpdump.
capture_abandon() {
    local entry
    for entry in "${CAPTURES[@]}"; do
        kill -TERM "${entry%% *}" 2>/dev/null || true
        rm -f "${entry#* }" "${entry#* }.err"
    done
}

# echoes TEXT FROM TO: sets REQUESTS and REPLIES of a ping between plain addresses.
count_echoes() {
    local text=$1 from=${2//./\\.} to=${3//./\\.}
    REQUESTS=$(grep -cE " $from > $to: ICMP echo request" <<<"$text") || true
    REPLIES=$(grep -cE " $to > $from: ICMP echo reply" <<<"$text") || true
}

# The walk-through's monitor: what the node of cni-client tells of a ping, event by event, in order and form.
# shellcheck shell=bash

# monitor_start NODE OPTIONS...: returns when events are told. One at a time.
monitor_start() {
    local node=$1
    shift
    MONITOR_FILE=$(mktemp "$STATE/monitor.XXXXXX")
    # Not by ask_agent: the job must be the command itself, for its pid.
    FAIRLEAD_SOCKET=$STATE/nodes/$node/run/agent.sock \
        nsenter --net="$(netns_path "$node")" -- "$BIN_DIR/fairlead" monitor "$@" >"$MONITOR_FILE" 2>&1 9<&- &
    MONITOR_PID=$!
    poll 10 grep -q '^Listening for events' "$MONITOR_FILE" || die "monitor on $node: $(<"$MONITOR_FILE")"
}

# monitor_stop PATTERN [COUNT]: once one line matches, or COUNT do, or 3 s later, ends it. MONITORED has its text.
monitor_stop() {
    poll 3 monitor_told "${2:-1}" "$1" || true
    kill -TERM "$MONITOR_PID" 2>/dev/null || true
    wait "$MONITOR_PID" 2>/dev/null || true
    MONITORED=$(<"$MONITOR_FILE")
    rm -f "$MONITOR_FILE"
    MONITOR_PID=""
}

monitor_told() {
    [[ $(grep -cE -- "$2" "$MONITOR_FILE") -ge $1 ]]
}

monitor_abandon() {
    [[ -n ${MONITOR_PID:-} ]] || return 0
    kill -TERM "$MONITOR_PID" 2>/dev/null || true
    rm -f "$MONITOR_FILE"
}

# expect_order TEXT PATTERN...: whole lines in this order; others may stand between, but none before a pattern that
# begins with "+". Shows the lines found.
expect_order() {
    local line text=$1 pattern next=yes between=0
    local -a patterns=("${@:2}") found=()
    local at=0
    while IFS= read -r line && [[ $at -lt ${#patterns[@]} ]]; do
        pattern=${patterns[$at]}
        if [[ $line =~ ^${pattern#+}$ ]]; then
            found+=("$line")
            at=$((at + 1))
            continue
        fi
        between=$((between + 1))
        # A block that begins like the one asked for may be another packet's: back to its first line.
        while [[ $at -gt 0 && ${patterns[$at]} == +* ]]; do
            at=$((at - 1))
            unset "found[$at]"
        done
        if [[ $line =~ ^${patterns[$at]#+}$ ]]; then
            found+=("$line")
            at=$((at + 1))
        fi
    done <<<"$text"
    [[ ${#found[@]} -eq 0 ]] || show "$(printf '%s\n' "${found[@]}")"
    [[ $between -eq 0 ]] || note "not shown: $between lines of what else is traced, such as from-endpoint, and of other packets"
    [[ $at -eq ${#patterns[@]} ]] || FAULTS+=("next the line ${patterns[$at]#+}")
}

# endpoint_field IP FILTER: of an endpoint of cni-client's node.
endpoint_field() {
    jq -r --arg ip "$1" ".[] | select(.status.networking.addressing[0].ipv4 == \$ip) | $2" <<<"$ENDPOINTS"
}

# debug_line ENDPOINT TEXT
debug_line() {
    printf 'CPU [0-9]{2}: MARK 0x0 FROM %s DEBUG: %s' "$1" "$2"
}

# lookup_lines ENDPOINT SOURCE DESTINATION DIRECTION: a connection is looked for; adds to LINES.
lookup_lines() {
    LINES+=("$(debug_line "$1" "Conntrack lookup 1/2: src=$2 dst=$3")"
        "$(debug_line "$1" "Conntrack lookup 2/2: nexthdr=1 flags=$4")")
}

new_lines() {
    LINES+=("$(debug_line "$1" 'CT verdict: New, revnat=0')")
}

reply_lines() {
    LINES+=("$(debug_line "$1" 'CT entry found lifetime=[0-9]+, revnat=0')" "$(debug_line "$1" 'CT verdict: Reply, revnat=0')")
}

mapped_line() {
    LINES+=("$(debug_line "$1" "Successfully mapped addr=$2 to identity=$3")")
}

create_line() {
    LINES+=("$(debug_line "$1" "Conntrack create: proxy-port=0 revnat=0 src-identity=$2 lb=0\.0\.0\.0")")
}

delivery_line() {
    LINES+=("$(debug_line "$1" "Attempting local delivery for container id $2 from seclabel $3")")
}

# delivered_lines POD STATE FROM TO IDENTITIES TTL TYPE: the packet's headers, then the line of its delivery.
delivered_lines() {
    local pod=$1 state=$2 from=$3 to=$4 identities=$5 ttl=$6 type=$7 mac='([0-9a-f]{2}:){5}[0-9a-f]{2}' address ours
    address=$(pod_ip "$pod")
    ours=$(endpoint_field "$address" .status.networking.mac)
    LINES+=('-{78}'
        "+Ethernet \{Contents=\[\.\.14\.\.\] Payload=\[\.\.86\.\.\] SrcMAC=$mac DstMAC=$ours EthernetType=IPv4 Length=0\}"
        "+IPv4 \{Contents=\[\.\.20\.\.\] Payload=\[\.\.64\.\.\] Version=4 IHL=5 TOS=0 Length=84 Id=[0-9]+ Flags=(DF)? FragOffset=0 TTL=$ttl Protocol=ICMPv4 Checksum=[0-9]+ SrcIP=$from DstIP=$to Options=\[\] Padding=\[\]\}"
        "+ICMPv4 \{Contents=\[\.\.8\.\.\] Payload=\[\.\.56\.\.\] TypeCode=$type Checksum=[0-9]+ Id=$ECHO_ID Seq=1\}"
        "+CPU [0-9]{2}: MARK 0x0 FROM $(endpoint_field "$address" .id) to-endpoint: 98 bytes \(98 captured\), state $state, interface $(pod_host_device "$pod")identity $identities, orig-ip $from, to endpoint $(endpoint_field "$address" .id)")
}

# echo_id PEER: the number ping chose, from the first lookup of the connection.
echo_id() {
    ECHO_ID=$(sed -nE "s/^.*Conntrack lookup 1\/2: src=${CLIENT//./\\.}:([0-9]+) dst=${1//./\\.}:0\$/\1/p" <<<"$MONITORED" | head -n 1)
    [[ -n $ECHO_ID ]] || FAULTS+=("a line 'Conntrack lookup 1/2: src=$CLIENT:<id of the ping> dst=$1:0'")
}

walk_monitor() {
    local ENDPOINTS ECHO_ID="" client server client_id server_id peer_id peer host LINES
    ENDPOINTS=$(ask_agent "$CLIENT_NODE" endpoint list -o json)
    client=${CLIENT//./\\.}
    client_id=$(endpoint_field "$CLIENT" .id)
    peer=${SAME//./\\.}
    peer_id=$(endpoint_field "$SAME" .id)
    host=$(jq -r '.[] | select(.status.identity.labels == ["reserved:host"]) | .id' <<<"$ENDPOINTS")
    local identity same_identity
    identity=$(endpoint_field "$CLIENT" .status.identity.id)
    same_identity=$(endpoint_field "$SAME" .status.identity.id)

    step "What the datapath says of a ping on one node, packet by packet" \
        "sandbox fairlead $CLIENT_NODE -- monitor -vv" "sandbox pod exec cni-client -- ping -c 1 $SAME"
    monitor_start "$CLIENT_NODE" -vv
    in_netns pod-cni-client ping -c 1 -W 2 "$SAME" >/dev/null 2>&1 || FAULTS+=("an answered ping")
    monitor_stop "FROM $client_id to-endpoint: .* state reply,.* orig-ip $peer,"
    echo_id "$SAME"
    LINES=('Press Ctrl-C to quit' '+Listening for events on [0-9]+ CPUs with 64x4096 of shared memory')
    lookup_lines "$client_id" "$client:$ECHO_ID" "$peer:0" 1
    new_lines "$client_id"
    mapped_line "$client_id" "$peer" "$same_identity"
    create_line "$client_id" "$identity"
    delivery_line "$client_id" "$peer_id" "$identity"
    lookup_lines "$peer_id" "$client:$ECHO_ID" "$peer:0" 0
    new_lines "$peer_id"
    create_line "$peer_id" "$identity"
    delivered_lines cni-same new "$client" "$peer" "$identity->$same_identity" 63 EchoRequest
    lookup_lines "$peer_id" "$peer:0" "$client:$ECHO_ID" 1
    reply_lines "$peer_id"
    mapped_line "$peer_id" "$client" "$identity"
    delivery_line "$peer_id" "$client_id" "$same_identity"
    lookup_lines "$client_id" "$peer:0" "$client:$ECHO_ID" 0
    reply_lines "$client_id"
    delivered_lines cni-client reply "$peer" "$client" "$same_identity->$identity" 63 EchoReply
    expect_order "$MONITORED" "${LINES[@]}"
    expect "$MONITORED" '^level=info msg="Initializing dissection cache\.\.\." subsys=monitor$' "Initializing dissection cache..."
    step_end
    [[ $CLIENT_NODE == "$SERVER_NODE" ]] || walk_monitor_across
}

# Uses what walk_monitor has found out. The router's own packets are what the host's endpoint is told to have.
walk_monitor_across() {
    local server_identity router=${ROUTER_IP//./\\.}
    server=${SERVER//./\\.}
    server_identity=$(ask_agent "$SERVER_NODE" endpoint list -o json \
        | jq -r --arg ip "$SERVER" '.[] | select(.status.networking.addressing[0].ipv4 == $ip) | .status.identity.id')
    step "and of a ping across nodes, between packets of the router to the node itself" \
        "sandbox fairlead $CLIENT_NODE -- monitor -vv" "sandbox node exec $CLIENT_NODE -- ping -c 2 $ROUTER_IP" \
        "sandbox pod exec cni-client -- ping -c 1 $SERVER" "sandbox node exec $CLIENT_NODE -- ping -c 2 $ROUTER_IP"
    monitor_start "$CLIENT_NODE" -vv
    in_netns "$CLIENT_NODE" ping -c 2 -i 0.2 -W 2 "$ROUTER_IP" >/dev/null 2>&1 || FAULTS+=("answers of the router")
    in_netns pod-cni-client ping -c 1 -W 2 "$SERVER" >/dev/null 2>&1 || FAULTS+=("an answered ping")
    in_netns "$CLIENT_NODE" ping -c 2 -i 0.2 -W 2 "$ROUTER_IP" >/dev/null 2>&1 || FAULTS+=("answers of the router")
    monitor_stop "FROM $host DEBUG: Successfully mapped addr=$router to identity=2" 4
    echo_id "$SERVER"
    LINES=()
    mapped_line "$host" "$router" 2
    mapped_line "$host" "$router" 2
    lookup_lines "$client_id" "$client:$ECHO_ID" "$server:0" 1
    new_lines "$client_id"
    mapped_line "$client_id" "$server" "$server_identity"
    create_line "$client_id" "$identity"
    mapped_line "$host" "$server" "$server_identity"
    delivery_line "$host" "$client_id" "$server_identity"
    lookup_lines "$client_id" "$server:0" "$client:$ECHO_ID" 0
    reply_lines "$client_id"
    delivered_lines cni-client reply "$server" "$client" "$server_identity->$identity" 62 EchoReply
    mapped_line "$host" "$router" 2
    mapped_line "$host" "$router" 2
    expect_order "$MONITORED" "${LINES[@]}"
    step_end
}

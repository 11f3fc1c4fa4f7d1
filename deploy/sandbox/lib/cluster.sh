# The cluster as a whole: up, status, down.
# shellcheck shell=bash

readonly LOCK_SECONDS=60

cluster_up() {
    local nodes=3 pods=yes replicas=2 members=3 tls=yes
    local -a settings=()
    while [[ $# -gt 0 ]]; do
        case $1 in
            --nodes | --config | --replicas | --etcd)
                [[ $# -ge 2 ]] || die "up: nothing follows $1 (expected: a value)"
                set -- "$1=$2" "${@:3}"
                continue
                ;;
            --nodes=*) nodes=${1#*=} ;;
            --config=*) settings+=("${1#*=}") ;;
            --replicas=*) replicas=${1#*=} ;;
            --etcd=*) members=${1#*=} ;;
            --no-pods) pods=no ;;
            --ipv6) SANDBOX_IPV6=1 ;;
            --no-tls) tls=no ;;
            *) die "up: $1 (expected: --nodes N, --replicas N, --etcd 1|3, --config KEY=VALUE, --ipv6, --no-tls or --no-pods)" ;;
        esac
        shift
    done
    if [[ ${SANDBOX_IPV6:-0} == 1 ]]; then
        local -a SETTINGS
        ipv6_settings
        settings=("${SETTINGS[@]}" "${settings[@]}")
    fi
    [[ $nodes =~ ^[1-9][0-9]?$ ]] || die "--nodes: $nodes (expected: 1-99)"
    [[ $replicas =~ ^[1-$MOST_REPLICAS]$ ]] || die "--replicas: $replicas (expected: 1-$MOST_REPLICAS)"
    [[ $members == 1 || $members == 3 ]] || die "--etcd: $members (expected: 1 or 3)"
    local setting
    for setting in "${settings[@]}"; do
        [[ $setting == ?*=* ]] || die "--config: $setting (expected: KEY=VALUE)"
    done
    # Asked again under the lock: another up may be about to finish.
    ! cluster_is_up || return 0
    cluster_tools
    if [[ -d $STATE ]]; then
        lock_instance "$LOCK_SECONDS"
        ! cluster_is_up || return 0
    fi
    cluster_down quiet
    mkdir -p "$STATE"
    lock_instance "$LOCK_SECONDS"
    : >"$STATE/config"
    echo "$replicas" >"$STATE/replicas"
    echo "$members" >"$STATE/etcd-members"
    [[ $tls == no ]] || tls_up
    for setting in "${settings[@]}"; do
        config_add "$setting"
    done
    trap 'cluster_failed' EXIT
    cluster_start "$nodes"
    [[ $pods == no ]] || cluster_pods "$nodes"
    date +%s >"$STATE/up"
    trap - EXIT
    cluster_status
}

# Says so when it is: what runs is not changed by another up.
cluster_is_up() {
    [[ -e $STATE/up ]] && ! cluster_is_dead || return 1
    say "is running already: $(node_names | paste -sd ' ') (down first for another)"
}

# What was running is gone (a reboot, a kill -9 of everything): up may start over.
cluster_is_dead() {
    local component
    for component in $(control_plane) $(node_names); do
        ! running "$component" || return 1
    done
}

cluster_failed() {
    echo "sandbox $INSTANCE: up did not finish; logs are in $STATE/log, 'sandbox --name $INSTANCE down' removes what was made" >&2
}

cluster_tools() {
    local tool
    for tool in ip nsenter jq etcd etcdctl tcpdump ping setsid flock mount openssl; do
        command -v "$tool" >/dev/null || die "$tool: not found (expected: 'make deps' first)"
    done
    [[ -x $PLUGIN_DIR/fairlead-cni ]] || die "CNI plugin: $PLUGIN_DIR/fairlead-cni is missing (expected: 'make build' first)"
}

cluster_start() {
    local nodes=$1 index
    say "wires: $nodes nodes on $L2_PREFIX.0/24, router $ROUTER_IP, outside $OUTSIDE_IP"
    net_up
    say "etcd and the services: $(count_of etcd) members, $(count_of identity) replicas each, from $CONTROL_IP on"
    local member
    for member in $(members etcd); do
        component_start "$member"
    done
    for ((index = 1; index <= nodes; index++)); do
        node_prepare "dev$index"
    done
    if tls_is_on; then
        for member in $(members etcd); do
            component_await "$member" || exit 1
        done
        tls_users
    fi
    # shellcheck disable=SC2046 # names hold no blanks
    parallel_start $(for service in $SERVICES; do members "$service"; done)
    say "agents: $(node_names | paste -sd ' ')"
    # shellcheck disable=SC2046 # node names hold no blanks
    parallel_start $(node_names)
}

# Starts all, then waits for all; one that fails does not hide another's log.
parallel_start() {
    local component failed=0
    for component in "$@"; do
        component_start "$component"
    done
    for component in "$@"; do
        component_await "$component" || failed=1
    done
    [[ $failed -eq 0 ]] || exit 1
}

# The walk-through's pods: two on the first node, one on the last.
cluster_pods() {
    local nodes=$1
    say "pods: cni-client and cni-same on dev1, cni-server on dev$nodes"
    pod_add_command cni-client --node dev1 --label app=cni-client &
    local client=$!
    pod_add_command cni-same --node dev1 --label app=cni-same &
    local same=$!
    pod_add_command cni-server --node "dev$nodes" --label app=cni-server &
    wait_all "$client" "$same" "$!" || exit 1
}

# Asks everything at once: one that is paused takes its time.
cluster_status() {
    local component answers
    local -a jobs=()
    answers=$(mktemp -d "$STATE/status.XXXXXX")
    for component in $(control_plane) $(node_names); do
        component_line "$component" >"$answers/$component" &
        jobs+=($!)
    done
    wait_all "${jobs[@]}" || true
    for component in $(control_plane) $(node_names); do
        cat "$answers/$component"
    done
    rm -rf "$answers"
    pod_table
}

# "running" is one that says of itself that it is ready.
component_line() {
    local state=stopped line
    PID=
    if running "$1"; then
        state=running
        read -r line <"/proc/$PID/stat" || true
        line=${line##*) }
        if [[ ${line:0:1} == T ]]; then
            state=paused
        elif ! component_ready "$1" >/dev/null 2>&1; then
            state=unready
        fi
    fi
    printf '%-12s %-8s %-12s %s\n' "$1" "$state" "${PID:+pid $PID}" "$(component_place "$1")"
}

component_place() {
    local KIND INDEX
    if ! member "$1"; then
        cat "$STATE/nodes/$1/ip"
    elif [[ $KIND == etcd ]]; then
        echo "$(etcd_scheme)://$(machine_ip "$INDEX"):$ETCD_PORT in $PREFIX-$(machine "$INDEX")"
    else
        echo "$(machine_ip "$INDEX"):${SERVICE_PORT[$KIND]} in $PREFIX-$(machine "$INDEX")"
    fi
}

# Works on a whole, half-made or crashed sandbox, and on none: each part removes what it finds.
cluster_down() {
    local quiet=${1:-} found=no
    if [[ -d $STATE ]]; then
        found=yes
        lock_instance "$LOCK_SECONDS"
        cluster_delete_pods
    fi
    proc_down
    [[ ! -d $STATE ]] || mounts_down
    ! compgen -G "/run/netns/$PREFIX-*" >/dev/null || found=yes
    net_down
    rm -rf "${STATE:?}"
    rmdir "$STATE_ROOT" 2>/dev/null || true
    exec 9<&-
    if [[ -z $quiet ]]; then
        [[ $found == yes ]] || { say "was not running" && return 0; }
        say "is gone"
    fi
}

# A runtime's DEL for each pod whose agent lives; without an agent the namespaces go below it anyway.
cluster_delete_pods() {
    local pod
    local -a jobs=()
    for pod in $(pod_names); do
        running "$(pod_node "$pod")" || continue
        FAIRLEAD_SANDBOX_CNI_SECONDS=5 pod_plugin DEL "$pod" >/dev/null 2>&1 &
        jobs+=($!)
    done
    wait_all "${jobs[@]}" || say "some pods' DEL failed; their namespaces go all the same"
}

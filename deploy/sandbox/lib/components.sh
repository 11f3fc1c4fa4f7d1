# What runs: etcd, the three services, an agent a node. Their arguments, how to start them, how to know they are ready.
# shellcheck shell=bash

readonly CLUSTER_CIDR=10.244.0.0/16
readonly NATIVE_ROUTING_CIDR=10.0.0.0/8
readonly ETCD_URL=http://127.0.0.1:2379
readonly SERVICES="identity ipam route"
declare -rA SERVICE_PORT=([identity]=7301 [ipam]=7302 [route]=7303)
declare -rA HEALTH_PORT=([identity]=7401 [ipam]=7402 [route]=7403)
declare -rA PROGRAM=([identity]=fairlead-identity-service [ipam]=fairlead-ipam-service [route]=fairlead-route-distributor)
readonly READY_PATH=/readyz
readonly START_SECONDS=${FAIRLEAD_SANDBOX_START_SECONDS:-60}

# --config KEY=VALUE: kept as "SCOPE KEY=VALUE", so that a restart and a later node use it too.
config_add() {
    local scope=agent setting=$1
    case ${setting%%=*} in
        etcd.* | identity.* | ipam.* | route.* | agent.*)
            scope=${setting%%.*}
            setting=${setting#*.}
            ;;
    esac
    echo "$scope $setting" >>"$STATE/config"
}

# arguments SCOPE KEY=VALUE...: sets ARGUMENTS, each KEY once, the user's value in the place of the sandbox's own.
arguments() {
    local scope=$1 setting key user_scope
    shift
    local -A value=()
    local -a order=()
    for setting in "$@"; do
        key=${setting%%=*}
        [[ -v value[$key] ]] || order+=("$key")
        value[$key]=${setting#*=}
    done
    while read -r user_scope setting; do
        [[ $user_scope == "$scope" ]] || continue
        key=${setting%%=*}
        [[ -v value[$key] ]] || order+=("$key")
        value[$key]=${setting#*=}
    done <"$STATE/config"
    ARGUMENTS=()
    for key in "${order[@]}"; do
        ARGUMENTS+=("--$key=${value[$key]}")
    done
}

etcd_start() {
    arguments etcd name=sandbox "data-dir=$STATE/etcd" "listen-client-urls=$ETCD_URL" "advertise-client-urls=$ETCD_URL" \
        listen-peer-urls=http://127.0.0.1:2380 initial-advertise-peer-urls=http://127.0.0.1:2380 \
        initial-cluster=sandbox=http://127.0.0.1:2380 heartbeat-interval=50 election-timeout=500 log-level=warn logger=zap
    spawn etcd ctl etcd "${ARGUMENTS[@]}"
}

etcd_client() {
    ETCDCTL_API=3 in_netns ctl etcdctl --endpoints="$ETCD_URL" "$@"
}

etcd_ready() {
    etcd_client --command-timeout=2s --dial-timeout=1s endpoint health
}

service_start() {
    local service=$1
    local -a settings=("listen-address=$CONTROL_IP:${SERVICE_PORT[$service]}"
        "health-listen-address=$CONTROL_IP:${HEALTH_PORT[$service]}"
        kvstore=etcd "kvstore-opt=etcd.address=$ETCD_URL")
    if [[ $service == ipam ]]; then
        settings+=("cluster-pool-ipv4-cidr=$CLUSTER_CIDR" cluster-pool-ipv4-mask-size=24)
    fi
    arguments "$service" "${settings[@]}"
    spawn "$service" ctl "$BIN_DIR/${PROGRAM[$service]}" "${ARGUMENTS[@]}"
}

# Asks the service's health address with nothing but bash.
service_ready() {
    # shellcheck disable=SC2016 # the inner shell expands
    in_netns ctl timeout 2 bash -c '
        exec 3<>"/dev/tcp/$1/$2" || exit 1
        printf "GET %s HTTP/1.0\r\nHost: sandbox\r\n\r\n" "$3" >&3
        read -r version status rest <&3
        [[ $status == 200 ]]' ready "$CONTROL_IP" "${HEALTH_PORT[$1]}" "$READY_PATH"
}

agent_start() {
    local node=$1 place=$STATE/nodes/$1
    arguments agent "node-name=$node" "ipv4-node=$(<"$place/ip")" "devices=$NODE_DEVICE" "state-dir=$place/run" \
        "bpf-root=$place/bpf" "identity-service-address=$CONTROL_IP:${SERVICE_PORT[identity]}" \
        "ipam-service-address=$CONTROL_IP:${SERVICE_PORT[ipam]}" \
        "route-distributor-address=$CONTROL_IP:${SERVICE_PORT[route]}" tunnel=disabled \
        "native-routing-cidr=$NATIVE_ROUTING_CIDR" auto-direct-node-routes=true enable-bpf-masquerade=true \
        debug=true debug-verbose=datapath monitor-aggregation=none
    spawn "$node" "$node" "$BIN_DIR/fairlead-agent" "${ARGUMENTS[@]}"
}

# The plugin's own STATUS: what a container runtime asks before it adds the first pod.
agent_ready() {
    local node=$1
    [[ -S $STATE/nodes/$node/run/cni.sock ]] || return 1
    CNI_COMMAND=STATUS CNI_PATH=$PLUGIN_DIR in_netns "$node" timeout 5 "$PLUGIN_DIR/fairlead-cni" \
        < <(jq -c '.cniVersion = "1.1.0"' "$STATE/nodes/$node/cni/fairlead.conf")
}

ask_agent() {
    local node=$1
    shift
    FAIRLEAD_SOCKET=$STATE/nodes/$node/run/agent.sock \
        FAIRLEAD_IDENTITY_SERVICE_ADDRESS=$CONTROL_IP:${SERVICE_PORT[identity]} \
        in_netns "$node" "$BIN_DIR/fairlead" "$@"
}

component_exists() {
    [[ " etcd $SERVICES " == *" $1 "* || -n $1 && $1 != *[./]* && -d $STATE/nodes/$1 ]] \
        || die "component: $1 (expected: one of etcd $SERVICES $(node_names | paste -sd ' '))"
}

component_start() {
    ! running "$1" || die "$1: runs already, pid $PID"
    case $1 in
        etcd) etcd_start ;;
        identity | ipam | route) service_start "$1" ;;
        *) agent_start "$1" ;;
    esac
}

component_await() {
    case $1 in
        etcd) await etcd "$START_SECONDS" "a healthy answer on $ETCD_URL" etcd_ready ;;
        identity | ipam | route)
            await "$1" "$START_SECONDS" "200 on http://$CONTROL_IP:${HEALTH_PORT[$1]}$READY_PATH" service_ready "$1"
            ;;
        *) await "$1" "$START_SECONDS" "the CNI plugin's STATUS succeeds" agent_ready "$1" ;;
    esac
}

component_start_ready() {
    component_exists "$1"
    component_start "$1"
    component_await "$1"
}

component_restart() {
    component_exists "$1"
    stop "$1" 15
    component_start "$1"
    component_await "$1"
}

# kill COMPONENT [-SIGNAL]: returns when the process is gone (for TERM, KILL and INT).
component_kill() {
    component_exists "$1"
    local signal=${2:--TERM}
    if [[ ! $signal =~ ^-([0-9]+|[A-Z]+[0-9]*)$ ]] || ! kill -l "${signal#-}" >/dev/null 2>&1; then
        die "signal: $signal (expected: -9, -TERM, -STOP ...)"
    fi
    running "$1" || die "$1: is not running"
    kill "$signal" "$PID"
    case $signal in
        -9 | -KILL | -15 | -TERM | -2 | -INT) poll 20 gone "$1" || die "$1: pid $PID is still there 20 s after $signal" ;;
    esac
}

component_pid() {
    component_exists "$1"
    running "$1" || die "$1: is not running"
    echo "$PID"
}

component_logs() {
    component_exists "$1"
    [[ ! -e $STATE/log/$1.log ]] || cat "$STATE/log/$1.log"
}

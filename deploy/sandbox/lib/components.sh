# What runs: etcd's members, replicas of the three services, an agent a node. Their arguments, how to start them, how to
# know they are ready. The i-th machine of the control plane has the i-th member of etcd and the i-th replica of each service.
# shellcheck shell=bash

readonly CLUSTER_CIDR=10.244.0.0/16
readonly NATIVE_ROUTING_CIDR=10.0.0.0/8
readonly ETCD_PORT=2379 ETCD_PEER_PORT=2380
readonly SERVICES="identity ipam route"
declare -rA SERVICE_PORT=([identity]=7301 [ipam]=7302 [route]=7303)
declare -rA HEALTH_PORT=([identity]=7401 [ipam]=7402 [route]=7403)
declare -rA PROGRAM=([identity]=fairlead-identity-service [ipam]=fairlead-ipam-service [route]=fairlead-route-distributor)
readonly READY_PATH=/readyz
readonly START_SECONDS=${FAIRLEAD_SANDBOX_START_SECONDS:-60}

# How many of a kind there are: "etcd", or a service.
count_of() {
    local file=replicas
    [[ $1 != etcd ]] || file=etcd-members
    cat "$STATE/$file" 2>/dev/null || echo 1
}

machines() {
    local members replicas
    members=$(count_of etcd)
    replicas=$(count_of identity)
    echo $((members > replicas ? members : replicas))
}

# machine INDEX: the name of its namespace, from 1.
machine() {
    [[ $1 -eq 1 ]] && echo ctl || echo "ctl$1"
}

machine_ip() {
    echo "$L2_PREFIX.$((9 + $1))"
}

# members KIND: "identity-1 identity-2", a line each.
members() {
    local index
    for ((index = 1; index <= $(count_of "$1"); index++)); do
        echo "$1-$index"
    done
}

# joined FORM KIND: the form for each member, ADDRESS and INDEX in it replaced, separated by commas.
joined() {
    local index form
    local -a all=()
    for ((index = 1; index <= $(count_of "$2"); index++)); do
        form=${1//ADDRESS/$(machine_ip "$index")}
        all+=("${form//INDEX/$index}")
    done
    (IFS=, && echo "${all[*]}")
}

etcd_urls() {
    joined "$(etcd_scheme)://ADDRESS:$ETCD_PORT" etcd
}

service_addresses() {
    joined "ADDRESS:${SERVICE_PORT[$1]}" "$1"
}

# control_plane: every member of everything, a line each.
control_plane() {
    local kind
    for kind in etcd $SERVICES; do
        members "$kind"
    done
}

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

# Passwords are 24 random bytes: making guesses of them expensive would only cost time at every login.
etcd_start() {
    local index=$1 ip
    ip=$(machine_ip "$index")
    local scheme
    scheme=$(etcd_scheme)
    local -a TLS=()
    tls_etcd "$index"
    arguments etcd "name=member-$index" "data-dir=$STATE/etcd-$index" "listen-client-urls=$scheme://$ip:$ETCD_PORT" \
        "advertise-client-urls=$scheme://$ip:$ETCD_PORT" "listen-peer-urls=$scheme://$ip:$ETCD_PEER_PORT" \
        "initial-advertise-peer-urls=$scheme://$ip:$ETCD_PEER_PORT" \
        "initial-cluster=$(joined "member-INDEX=$scheme://ADDRESS:$ETCD_PEER_PORT" etcd)" \
        heartbeat-interval=50 election-timeout=500 bcrypt-cost=4 log-level=warn logger=zap "${TLS[@]}"
    spawn "etcd-$index" "$(machine "$index")" etcd "${ARGUMENTS[@]}"
}

etcd_client() {
    local -a TLS=()
    tls_etcd_client
    ETCDCTL_API=3 in_netns ctl etcdctl --endpoints="$(etcd_urls)" "${TLS[@]}" "$@"
}

etcd_ready() {
    local -a TLS=()
    tls_etcd_client
    ETCDCTL_API=3 in_netns "$(machine "$1")" etcdctl --endpoints="$(etcd_scheme)://$(machine_ip "$1"):$ETCD_PORT" \
        "${TLS[@]}" --command-timeout=2s --dial-timeout=1s endpoint health
}

service_start() {
    local service=$1 index=$2 ip
    ip=$(machine_ip "$index")
    local -a settings=("listen-address=$ip:${SERVICE_PORT[$service]}"
        "health-listen-address=$ip:${HEALTH_PORT[$service]}"
        kvstore=etcd "kvstore-opt=etcd.address=$(etcd_urls)$(tls_store "$service")")
    local -a TLS=()
    tls_process "service-$service"
    settings+=("${TLS[@]}")
    if [[ $service == ipam ]]; then
        settings+=("cluster-pool-ipv4-cidr=$CLUSTER_CIDR" cluster-pool-ipv4-mask-size=24)
    fi
    arguments "$service" "${settings[@]}"
    spawn "$service-$index" "$(machine "$index")" "$BIN_DIR/${PROGRAM[$service]}" "${ARGUMENTS[@]}"
}

# Asks the service's health address with nothing but bash.
service_ready() {
    # shellcheck disable=SC2016 # the inner shell expands
    in_netns "$(machine "$2")" timeout 2 bash -c '
        exec 3<>"/dev/tcp/$1/$2" || exit 1
        printf "GET %s HTTP/1.0\r\nHost: sandbox\r\n\r\n" "$3" >&3
        read -r version status rest <&3
        [[ $status == 200 ]]' ready "$(machine_ip "$2")" "${HEALTH_PORT[$1]}" "$READY_PATH"
}

agent_start() {
    local node=$1 place=$STATE/nodes/$1
    local -a TLS=()
    tls_process "node-$node"
    arguments agent "${TLS[@]}" "node-name=$node" "ipv4-node=$(<"$place/ip")" "devices=$NODE_DEVICE" "state-dir=$place/run" \
        "bpf-root=$place/bpf" "identity-service-address=$(service_addresses identity)" \
        "ipam-service-address=$(service_addresses ipam)" \
        "route-distributor-address=$(service_addresses route)" tunnel=disabled \
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
    local -a TLS=()
    tls_admin
    FAIRLEAD_SOCKET=$STATE/nodes/$node/run/agent.sock \
        FAIRLEAD_IDENTITY_SERVICE_ADDRESS=$(service_addresses identity) \
        FAIRLEAD_IPAM_SERVICE_ADDRESS=$(service_addresses ipam) \
        FAIRLEAD_ROUTE_DISTRIBUTOR_ADDRESS=$(service_addresses route) \
        in_netns "$node" env "${TLS[@]}" "$BIN_DIR/fairlead" "$@"
}

# member COMPONENT: splits "identity-2" into KIND and INDEX; fails for what is no member of the control plane.
member() {
    KIND=${1%-*} INDEX=${1##*-}
    [[ " etcd $SERVICES " == *" $KIND "* && $INDEX =~ ^[1-9]$ && $1 == "$KIND-$INDEX" && $INDEX -le $(count_of "$KIND") ]]
}

# components NAME: sets COMPONENTS: one, or all members of a kind.
components() {
    local KIND INDEX
    if [[ " etcd $SERVICES " == *" $1 "* ]]; then
        mapfile -t COMPONENTS < <(members "$1")
    elif member "$1" || [[ -n $1 && $1 != *[./]* && -d $STATE/nodes/$1 ]]; then
        COMPONENTS=("$1")
    else
        die "component: $1 (expected: one of etcd $SERVICES $(control_plane | paste -sd ' ') $(node_names | paste -sd ' '))"
    fi
}

component_start() {
    local KIND INDEX
    ! running "$1" || die "$1: runs already, pid $PID"
    if ! member "$1"; then
        agent_start "$1"
    elif [[ $KIND == etcd ]]; then
        etcd_start "$INDEX"
    else
        service_start "$KIND" "$INDEX"
    fi
}

component_ready() {
    local KIND INDEX
    if ! member "$1"; then
        agent_ready "$1"
    elif [[ $KIND == etcd ]]; then
        etcd_ready "$INDEX"
    else
        service_ready "$KIND" "$INDEX"
    fi
}

component_await() {
    local KIND INDEX expected="the CNI plugin's STATUS succeeds"
    if member "$1"; then
        expected="200 on http://$(machine_ip "$INDEX"):${HEALTH_PORT[$KIND]:-}$READY_PATH"
        [[ $KIND != etcd ]] || expected="a healthy answer on $(etcd_scheme)://$(machine_ip "$INDEX"):$ETCD_PORT"
    fi
    await "$1" "$START_SECONDS" "$expected" component_ready "$1"
}

# All that do not run yet; a name that stands for one which runs is a mistake.
component_start_ready() {
    local component
    local -a COMPONENTS=() missing=()
    components "$1"
    for component in "${COMPONENTS[@]}"; do
        running "$component" || missing+=("$component")
    done
    [[ ${#missing[@]} -gt 0 ]] || die "$1: runs already, pid $PID"
    parallel_start "${missing[@]}"
}

# One after the other: with several members the others go on serving.
component_restart() {
    local component
    local -a COMPONENTS=()
    components "$1"
    for component in "${COMPONENTS[@]}"; do
        stop "$component" 15
        component_start "$component"
        component_await "$component"
    done
}

component_stop() {
    local component
    local -a COMPONENTS=()
    components "$1"
    for component in "${COMPONENTS[@]}"; do
        stop "$component" 20
    done
}

# kill COMPONENT [-SIGNAL]: returns when the processes are gone (for TERM, KILL and INT).
component_kill() {
    local signal=${2:--TERM} component
    local -a COMPONENTS=()
    components "$1"
    if [[ ! $signal =~ ^-([0-9]+|[A-Z]+[0-9]*)$ ]] || ! kill -l "${signal#-}" >/dev/null 2>&1; then
        die "signal: $signal (expected: -9, -TERM, -STOP ...)"
    fi
    for component in "${COMPONENTS[@]}"; do
        running "$component" || die "$component: is not running"
        kill "$signal" "$PID"
    done
    for component in "${COMPONENTS[@]}"; do
        case $signal in
            -9 | -KILL | -15 | -TERM | -2 | -INT)
                poll 20 gone "$component" || die "$component: pid $PID is still there 20 s after $signal"
                ;;
        esac
    done
}

component_pid() {
    local component
    local -a COMPONENTS=()
    components "$1"
    for component in "${COMPONENTS[@]}"; do
        running "$component" || die "$component: is not running"
        echo "$PID"
    done
}

component_logs() {
    local component
    local -a COMPONENTS=()
    components "$1"
    for component in "${COMPONENTS[@]}"; do
        [[ ! -e $STATE/log/$component.log ]] || cat "$STATE/log/$component.log"
    done
}

# cut PLACE | mend PLACE: the link of a node or of a machine of the control plane.
link_command() {
    local state=$1 place=$2 index
    local -a places=()
    for ((index = 1; index <= $(machines); index++)); do
        places+=("$(machine "$index")")
    done
    [[ " ${places[*]} " == *" $place "* || -n $place && $place != *[./]* && -d $STATE/nodes/$place ]] \
        || die "place: $place (expected: one of ${places[*]} $(node_names | paste -sd ' '))"
    net_link "$place" "$state"
}

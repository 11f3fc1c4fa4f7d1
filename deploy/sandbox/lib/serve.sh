# Servers in pods and hosts outside the cluster, for those who test what reaches what.
# shellcheck shell=bash

readonly REACH=$HOME_DIR/lib/reach.py
readonly PYTHON=/usr/bin/python3

# serve_start PLACE COMPONENT ADDRESS PORT...: returns when it answers. ADDRESS "any" stands for all.
serve_start() {
    local place=$1 component=$2
    shift 2
    spawn "serve-$component" "$place" "$PYTHON" -I "$REACH" serve "$@"
    await "serve-$component" 10 "it listens on $*" grep -q '^listening' "$STATE/log/serve-$component.log" || exit 1
}

# serve_stop COMPONENT: one that does not run is none to be stopped.
serve_stop() {
    stop "serve-$1" 2
    rm -f "$STATE/proc/serve-$1.pid" "$STATE/log/serve-$1.log"
}

# world_add NAME PORT...: another address of the host outside.
world_add() {
    local name=$1 place=$STATE/world/$1 number
    shift
    valid_name "name of a host outside" "$name" 20
    mkdir -p "$STATE/world"
    mkdir "$place" 2>/dev/null || die "world $name: exists already"
    for ((number = 10; number < 250; number++)); do
        # the name of a file is taken by one command only, so two at once get two numbers
        ! (set -o noclobber && : >"$STATE/world/.$number") 2>/dev/null || break
    done
    echo "$number" >"$place/number"
    local address=${OUTSIDE_IP%.*}.$number
    ip -n "$PREFIX-outside" addr replace "$address/24" dev eth0
    serve_start outside "world-$name" "$address" "$@"
    echo "$address"
}

world_delete() {
    local place=$STATE/world/$1 number
    valid_name "name of a host outside" "$1" 20
    [[ -d $place ]] || return 0
    serve_stop "world-$1"
    number=$(<"$place/number")
    [[ ${OUTSIDE_IP%.*}.$number == "$OUTSIDE_IP" ]] || ip -n "$PREFIX-outside" addr del "${OUTSIDE_IP%.*}.$number/24" dev eth0 || true
    rm -rf "$place" "$STATE/world/.$number"
}

# The test runs beside an agent, where the services are reached; the driver enters whatever place it is told.
connectivity() {
    local node
    node=$(node_names | head -n 1)
    FAIRLEAD_SANDBOX=$INSTANCE ask_agent "$node" connectivity test --driver "$HOME_DIR/connectivity-driver" "$@"
}

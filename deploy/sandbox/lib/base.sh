# Names, places and waiting: what every other part of the sandbox builds on.
# shellcheck shell=bash

# The addresses of the walk-through.
readonly L2_PREFIX=192.168.2
readonly CONTROL_IP=$L2_PREFIX.10
readonly MOST_REPLICAS=9
readonly ROUTER_IP=$L2_PREFIX.2
readonly OUTSIDE_IP=203.0.113.10
readonly NODE_DEVICE=ens33
# Names a node may not have: they are namespaces or components of the sandbox itself.
readonly RESERVED_NAMES="net ctl router outside apart etcd identity ipam route"
readonly RESERVED_FORMS='^(ctl|etcd-|identity-|ipam-|route-|pod-)'
readonly PLUGIN_DIR=${FAIRLEAD_CNI_DIR:-$REPO/node-dataplane/target/cni}
readonly BIN_DIR=$REPO/deploy/bin

die() {
    echo "sandbox: $*" >&2
    exit 1
}

say() {
    echo "sandbox $INSTANCE: $*"
}

# No '-' in an instance name: "fl-a-*" must never mean a namespace of instance "a-b".
use_instance() {
    [[ $1 =~ ^[a-z0-9_]{1,20}$ ]] || die "instance name: $1 (expected: 1-20 of a-z, 0-9 and _)"
    [[ $EUID -eq 0 ]] || die "user: $(id -un) (expected: root, for network namespaces and BPF)"
    INSTANCE=$1
    STATE_ROOT=${FAIRLEAD_SANDBOX_STATE:-/run/fairlead-sandbox}
    STATE=$STATE_ROOT/$INSTANCE
    PREFIX=fl-$INSTANCE
    local longest="$STATE/nodes/123456789012345/run/agent.sock"
    [[ ${#longest} -le 107 ]] || die "state directory: $STATE (expected: a path short enough for unix sockets below it)"
}

netns_path() {
    echo "/run/netns/$PREFIX-$1"
}

# in_netns PLACE COMMAND...: as root with this mount namespace; "ip netns exec" would hide bpffs by remounting /sys.
in_netns() {
    local place=$1
    shift
    nsenter --net="/run/netns/$PREFIX-$place" -- "$@"
}

valid_name() {
    local what=$1 name=$2 longest=$3
    [[ $name =~ ^[a-z0-9]([a-z0-9-]*[a-z0-9])?$ && ${#name} -le $longest ]] \
        || die "$what: $name (expected: 1-$longest of a-z, 0-9 and -, not at an end)"
}

cluster_exists() {
    [[ -d $STATE ]] || die "no sandbox named $INSTANCE is running (expected: sandbox up first)"
}

# One changing command at a time on an instance; the lock is the state directory and goes with it.
lock_instance() {
    exec 9<"$STATE"
    flock -w "${1:-60}" 9 || die "another command is at work on sandbox $INSTANCE"
}

# Milliseconds of a clock good enough for deadlines.
now_ms() {
    local now=${EPOCHREALTIME/[.,]/}
    NOW_MS=$((now / 1000))
}

# poll SECONDS COMMAND...: until the command succeeds; 1 when the deadline passes first.
poll() {
    local deadline
    now_ms
    deadline=$((NOW_MS + $1 * 1000))
    shift
    until "$@" >/dev/null 2>&1; do
        now_ms
        [[ $NOW_MS -lt $deadline ]] || return 1
        sleep 0.05
    done
}

# All background jobs given by pid; 1 when any failed.
wait_all() {
    local failed=0 pid
    for pid in "$@"; do
        wait "$pid" || failed=1
    done
    return "$failed"
}

# Pods: a network namespace and the real CNI plugin, run the way a container runtime runs it.
# shellcheck shell=bash

pod_exists() {
    [[ -n $1 && $1 != *[./]* && -d $STATE/pods/$1 ]] || die "pod: $1 (expected: one of $(pod_names | paste -sd ' '))"
}

pod_names() {
    local path
    for path in "$STATE"/pods/*/; do
        [[ -e $path ]] || continue
        path=${path%/}
        echo "${path##*/}"
    done
}

pod_names_on() {
    local pod
    for pod in $(pod_names); do
        [[ $(<"$STATE/pods/$pod/node") != "$1" ]] || echo "$pod"
    done
}

# Addresses of a pod's result, the first one of a family: 4 or 6.
pod_ip() {
    jq -r --arg family "${2:-4}" \
        '[.ips[].address | select(contains(":") == ($family == "6"))][0] // empty | split("/")[0]' "$STATE/pods/$1/result.json"
}

# Host side of the pod's pair, from the plugin's result.
pod_host_device() {
    jq -r '[.interfaces[] | select((.sandbox // "") == "") | .name][0] // empty' "$STATE/pods/$1/result.json"
}

pod_node() {
    cat "$STATE/pods/$1/node"
}

# pod_plugin COMMAND POD: the plugin in the node's namespace; result or error JSON on stdout.
pod_plugin() {
    local command=$1 pod=$2 place=$STATE/pods/$2
    CNI_COMMAND=$command CNI_CONTAINERID=$(<"$place/container-id") CNI_NETNS=$(netns_path "pod-$pod") CNI_IFNAME=eth0 \
        CNI_PATH=$PLUGIN_DIR CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=$(<"$place/namespace");K8S_POD_NAME=$pod" \
        in_netns "$(<"$place/node")" timeout "${FAIRLEAD_SANDBOX_CNI_SECONDS:-30}" "$PLUGIN_DIR/fairlead-cni" <"$place/conf.json"
}

pod_add_command() {
    local name=${1:-} node="" namespace=default labels='[]'
    [[ $# -gt 0 ]] || die "pod add: no name (expected: NAME --node NODE [--namespace NAMESPACE] [--label KEY=VALUE]...)"
    shift
    while [[ $# -gt 0 ]]; do
        local option=$1 value
        if [[ $option == --*=* ]]; then
            value=${option#*=}
            option=${option%%=*}
            shift
        else
            [[ $# -ge 2 ]] || die "pod add: nothing follows $option (expected: a value)"
            value=$2
            shift 2
        fi
        case $option in
            --node) node=$value ;;
            --namespace) namespace=$value ;;
            --label)
                [[ $value == ?*=* ]] || die "--label: $value (expected: KEY=VALUE)"
                labels=$(jq -c --arg key "${value%%=*}" --arg value "${value#*=}" '. + [{$key, $value}]' <<<"$labels")
                ;;
            *) die "pod add: $option (expected: --node, --namespace or --label)" ;;
        esac
    done
    [[ -n $node ]] || die "pod add: no node (expected: --node, one of $(node_names | paste -sd ' '))"
    valid_name "namespace" "$namespace" 63
    pod_add "$name" "$node" "$labels" "$namespace"
}

# A failed ADD is followed by a DEL, as container runtimes do, and leaves nothing.
pod_add() {
    local pod=$1 node=$2 labels=$3 namespace=$4 place=$STATE/pods/$1
    valid_name "pod name" "$pod" 40
    node_exists "$node"
    mkdir -p "$STATE/pods"
    mkdir "$place" 2>/dev/null || die "pod $pod: exists already"
    echo "$node" >"$place/node"
    echo "$namespace" >"$place/namespace"
    od -An -tx1 -N32 /dev/urandom | tr -d ' \n' >"$place/container-id"
    jq --argjson labels "$labels" '. + {args: {cni: {$labels}}}' "$STATE/nodes/$node/cni/fairlead.conf" >"$place/conf.json"
    namespace_add "pod-$pod"
    if ! pod_plugin ADD "$pod" >"$place/result.json"; then
        local answer
        answer=$(<"$place/result.json")
        pod_plugin DEL "$pod" >/dev/null 2>&1 || true
        pod_dismantle "$pod"
        die "pod $pod: the plugin refused ADD: $answer"
    fi
    echo "pod $pod on $node: $(pod_ip "$pod") by $(pod_host_device "$pod")"
}

pod_delete() {
    pod_exists "$1"
    local answer
    answer=$(pod_plugin DEL "$1") || die "pod $1: the plugin refused DEL: $answer"
    pod_dismantle "$1"
}

pod_dismantle() {
    serve_stop "pod-$1"
    ip netns del "$PREFIX-pod-$1" 2>/dev/null || true
    rm -rf "${STATE:?}/pods/$1"
}

pod_table() {
    local pod
    printf '%-20s %-12s %-16s %s\n' NAME NODE IP INTERFACE
    for pod in $(pod_names); do
        [[ -s $STATE/pods/$pod/result.json ]] || continue
        printf '%-20s %-12s %-16s %s\n' "$pod" "$(pod_node "$pod")" "$(pod_ip "$pod")" "$(pod_host_device "$pod")"
    done
}

# Certificates and etcd's users: made once when a sandbox comes up, unless it goes without.
# shellcheck shell=bash

# The store has an authority of its own: a node's certificate is worth nothing there.
tls_is_on() {
    [[ -e $STATE/tls/ca.crt ]]
}

tls_up() {
    local index
    local -a jobs=() machines=()
    for ((index = 1; index <= $(machines); index++)); do
        machines+=("$(machine_ip "$index")")
    done
    "$BIN_DIR/make-certs" "$STATE/tls/etcd" ca etcd &
    jobs+=($!)
    "$BIN_DIR/make-certs" "$STATE/tls" ca sandbox || exit 1
    wait_all "${jobs[@]}" || exit 1
    jobs=()
    local service
    for service in $SERVICES; do
        "$BIN_DIR/make-certs" "$STATE/tls" service "$service" "${machines[@]}" &
        jobs+=($!)
        "$BIN_DIR/make-certs" "$STATE/tls/etcd" client "service-$service" &
        jobs+=($!)
    done
    "$BIN_DIR/make-certs" "$STATE/tls" admin sandbox &
    jobs+=($!)
    "$BIN_DIR/make-certs" "$STATE/tls/etcd" client root &
    jobs+=($!)
    "$BIN_DIR/make-certs" "$STATE/tls/etcd" server member "${machines[@]}" 127.0.0.1 localhost &
    jobs+=($!)
    wait_all "${jobs[@]}" || exit 1
    for service in $SERVICES; do
        tls_store_file "$service"
    done
}

# What Cilium calls etcd.config.
tls_store_file() {
    local dir=$STATE/tls/etcd
    cat >"$dir/$1.yaml" <<YAML
trusted-ca-file: $dir/ca.crt
cert-file: $dir/service-$1.crt
key-file: $dir/service-$1.key
YAML
}

# tls_node NAME ADDRESS
tls_node() {
    ! tls_is_on || "$BIN_DIR/make-certs" "$STATE/tls" node "$1" "$2"
}

etcd_scheme() {
    if tls_is_on; then echo https; else echo http; fi
}

# tls_process FILE: sets TLS to the settings of a service or an agent.
tls_process() {
    TLS=()
    ! tls_is_on || TLS=("tls-cert-file=$STATE/tls/$1.crt" "tls-key-file=$STATE/tls/$1.key" "tls-ca-file=$STATE/tls/ca.crt")
}

# Sets TLS to the environment of the fairlead command.
tls_admin() {
    local dir=$STATE/tls
    TLS=()
    ! tls_is_on || TLS=("FAIRLEAD_TLS_CERT_FILE=$dir/admin-sandbox.crt" "FAIRLEAD_TLS_KEY_FILE=$dir/admin-sandbox.key"
        "FAIRLEAD_TLS_CA_FILE=$dir/ca.crt")
}

# tls_store SERVICE: what kvstore-opt says besides the address.
tls_store() {
    local dir=$STATE/tls/etcd
    ! tls_is_on || echo ",etcd.config=$dir/$1.yaml,etcd.username=$(tls_user "$1"),etcd.password-file=$dir/$(tls_user "$1").password"
}

tls_user() {
    case $1 in
        route) echo routes ;;
        *) echo "$1" ;;
    esac
}

# tls_etcd INDEX: sets TLS to the settings of a member.
tls_etcd() {
    local dir=$STATE/tls/etcd
    TLS=()
    ! tls_is_on || TLS=("cert-file=$dir/member.crt" "key-file=$dir/member.key" "trusted-ca-file=$dir/ca.crt" client-cert-auth=true
        "peer-cert-file=$dir/member.crt" "peer-key-file=$dir/member.key" "peer-trusted-ca-file=$dir/ca.crt" peer-client-cert-auth=true)
}

# Sets TLS to the options of etcdctl, as etcd's root.
tls_etcd_client() {
    local dir=$STATE/tls/etcd
    TLS=()
    ! tls_is_on || TLS=(--cacert="$dir/ca.crt" --cert="$dir/root.crt" --key="$dir/root.key")
}

# Users, once etcd answers and before services start.
tls_users() {
    tls_is_on || return 0
    local dir=$STATE/tls/etcd
    ETCDCTL_API=3 ETCDCTL_ENDPOINTS=$(etcd_urls) ETCDCTL_CACERT=$dir/ca.crt ETCDCTL_CERT=$dir/root.crt ETCDCTL_KEY=$dir/root.key \
        in_netns ctl "$BIN_DIR/etcd-users" "$dir" || exit 1
}

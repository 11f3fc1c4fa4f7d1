#!/usr/bin/env bash
# BIRD, FRR and GoBGP as route reflectors with BIRD clients, and the route-distributor with agents, into real kernels.
# Usage: bench/peers.sh [CLIENTS,…] [ROUTES,…] [ROUNDS] [COMPETITORS,…]
# Default: 2,8 1000,5000 3 BIRD,FRR,GoBGP,Fairlead; the full table: 2,8,32 1000,5000,20000 5
# Needs root, what `make deps` installs and `make build` builds. MVN may hold another Maven command.
set -euo pipefail
cd "$(dirname "$0")/.."
clients=${1:-2,8} routes=${2:-1000,5000} rounds=${3:-3} names=${4:-BIRD,FRR,GoBGP,Fairlead}
prefix=fl-p$$
scratch=$(mktemp -d /tmp/fl-peers.XXXXXX)
chmod 755 "$scratch"

# Only what runs in namespaces of this run is ended; whatever is mounted below the scratch directory goes with it.
cleanup() {
    local path pid point
    for path in /run/netns/"$prefix"-*; do
        [[ -e $path ]] || continue
        for pid in $(ip netns pids "${path##*/}"); do
            kill -KILL "$pid" 2>/dev/null || true
        done
    done
    awk -v root="$scratch/" 'index($2, root) == 1 { print $2 }' /proc/self/mounts | while read -r point; do
        umount "$point" || umount -l "$point" || true
    done
    for path in /run/netns/"$prefix"-*; do
        [[ ! -e $path ]] || ip netns del "${path##*/}"
    done
    rm -rf "$scratch"
}
trap cleanup EXIT

${MVN:-mvn -B -o -q} -Pfast -pl bench -am package dependency:build-classpath -Dmdep.outputFile="$PWD/bench/target/classpath" >&2
make --no-print-directory bench/target/rtwatch
version() { "$@" 2>&1 | head -n 1 | grep -oE '[0-9]+\.[0-9]+(\.[0-9]+)?' | head -n 1; }
echo "kernel $(uname -r), BIRD $(version bird --version), FRR $(version /usr/lib/frr/bgpd --version), GoBGP $(version gobgpd --version), etcd $(version etcd --version), $(nproc) CPUs, load $(cut -d' ' -f1 /proc/loadavg) at the start, $rounds rounds"
echo
for count in ${clients//,/ }; do
    # The benchmark talks to etcd and to the distributor, so it lives where they are.
    ip netns add "$prefix-f-hub"
    mkdir "$scratch/$count"
    nsenter --net="/run/netns/$prefix-f-hub" java -XX:+UseSerialGC -cp "bench/target/classes:$(cat bench/target/classpath)" \
        io.fairlead.bench.peers.PeersBench "$prefix" "$scratch/$count" "$count" "$routes" "$rounds" "$names"
    echo
done

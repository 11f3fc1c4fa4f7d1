#!/usr/bin/env bash
# One route-distributor and one identity-service under a large cluster: simulated nodes, real protocol, real etcd.
# Usage: bench/scale.sh [NODES] [SECONDS-OF-CHURN] [SINGLE-CHANGES]   (default: 5000 30 60)
# Needs root, etcd, JDK 17 with jcmd, and what `make build` builds. MVN may hold another Maven command; FAIRLEAD_JAVA_OPTS
# reaches the services.
set -euo pipefail
cd "$(dirname "$0")/.."
nodes=${1:-5000} seconds=${2:-30} changes=${3:-60}
ns=fl-scale-$$
scratch=$(mktemp -d /tmp/fl-scale.XXXXXX)

# Only what runs in the namespace of this run is ended.
cleanup() {
    local pid
    if [[ -e /run/netns/$ns ]]; then
        for pid in $(ip netns pids "$ns"); do
            kill -KILL "$pid" 2>/dev/null || true
        done
        ip netns del "$ns"
    fi
    rm -rf "$scratch"
}
trap cleanup EXIT

(( nodes * 2 + 200 <= $(ulimit -Hn) )) || {
    echo "scale.sh: $nodes nodes need $((nodes * 2 + 200)) open files (limit: $(ulimit -Hn))" >&2
    exit 2
}
ulimit -n "$(ulimit -Hn)"
${MVN:-mvn -B -o -q} -Pfast -pl bench -am package dependency:build-classpath -Dmdep.outputFile="$PWD/bench/target/classpath" >&2
ip netns add "$ns"
ip -n "$ns" link set lo up
echo "$(nproc) CPUs, etcd $(etcd --version | awk 'NR == 1 { print $3 }'), load $(cut -d' ' -f1-3 /proc/loadavg) at the start, services with -Xmx192m ${FAIRLEAD_JAVA_OPTS:+then $FAIRLEAD_JAVA_OPTS}"
# etcd's data is temporary, too
TMPDIR=$scratch nsenter --net=/run/netns/"$ns" java -Xmx3g -Djava.io.tmpdir="$scratch" -XX:+UseParallelGC \
    -cp "bench/target/classes:$(cat bench/target/classpath)" \
    io.fairlead.bench.scale.ScaleBench "$scratch" "$nodes" "$seconds" "$changes" || {
    tail -n 20 "$scratch"/*.log >&2
    exit 1
}
echo
echo "load $(cut -d' ' -f1-3 /proc/loadavg) at the end"

#!/usr/bin/env bash
# Allocations a second of identities and nodes, beside etcd alone: the same transactions without a service. And whether they
# cost the same however many there are. Usage: bench/limits.sh [ROUNDS] [IDENTITIES] [NODES]   (default: 5 60000 20000)
# Needs root, etcd, JDK 17, and what `make build` builds. MVN may hold another Maven command; FAIRLEAD_JAVA_OPTS reaches the
# services.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-5} identities=${2:-60000} nodes=${3:-20000}
ns=fl-limits-$$
scratch=$(mktemp -d /tmp/fl-limits.XXXXXX)

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

${MVN:-mvn -B -o -q} -Pfast -pl bench -am package dependency:build-classpath -Dmdep.outputFile="$PWD/bench/target/classpath" >&2
ip netns add "$ns"
ip -n "$ns" link set lo up
echo "$(nproc) CPUs, etcd $(etcd --version | awk 'NR == 1 { print $3 }'), load $(cut -d' ' -f1-3 /proc/loadavg) at the start, medians of $rounds interleaved rounds"
nsenter --net=/run/netns/"$ns" java -Xmx1g -Djava.io.tmpdir="$scratch" -XX:+UseSerialGC \
    -cp "bench/target/classes:$(cat bench/target/classpath)" \
    io.fairlead.bench.limits.LimitsBench "$scratch" "$rounds" "$identities" "$nodes" || {
    tail -n 20 "$scratch"/*.log >&2
    exit 1
}
echo
echo "load $(cut -d' ' -f1-3 /proc/loadavg) at the end"

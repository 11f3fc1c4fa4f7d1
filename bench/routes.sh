#!/usr/bin/env bash
# Route install: the agent's tables beside `ip -batch`, in a network namespace of its own. Usage: bench/routes.sh [ROUNDS]
# Needs root, iproute2, JDK 17 and Maven. MVN may hold another Maven command.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-7}
ns=fl-routes-$$
${MVN:-mvn -B -o -q} -Pfast -pl bench -am package dependency:build-classpath -Dmdep.outputFile="$PWD/bench/target/classpath" >&2
ip netns add "$ns"
trap 'ip netns del "$ns"' EXIT
ip -n "$ns" link add v0 type veth peer name v1
ip -n "$ns" link set v1 up
ip -n "$ns" link set v0 up
ip -n "$ns" addr add 10.0.0.1/8 dev v0
echo "kernel $(uname -r), $(ip -V | cut -d, -f2 | xargs), $(nproc) CPUs, load $(cut -d' ' -f1 /proc/loadavg) at the start, median [min-max] of $rounds rounds (cold and gateways: 3)"
echo
nsenter --net=/run/netns/"$ns" java -XX:+UseSerialGC -cp "bench/target/classes:$(cat bench/target/classpath)" \
  io.fairlead.bench.routes.RouteInstallBench v0 "$rounds"

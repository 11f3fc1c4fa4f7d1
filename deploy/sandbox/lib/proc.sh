# Processes: started in a session of their own, remembered by pid and start time, never killed by name.
# shellcheck shell=bash

# The kernel's start time of a process that lives; fails for a dead one or a zombie. A reused pid has another time.
start_time() {
    local line fields
    { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
    read -ra fields <<<"${line##*) }"
    [[ ${fields[0]} != Z && ${fields[0]} != X ]] || return 1
    STARTED=${fields[19]}
}

# spawn COMPONENT PLACE COMMAND...: setsid, env, nsenter and the launchers exec, so the pid is the program's own.
spawn() {
    local component=$1 place=$2
    shift 2
    mkdir -p "$STATE/proc" "$STATE/log"
    # The programs read FAIRLEAD_<KEY> as configuration; what configures this script must not reach them.
    local name
    local -a without=()
    for name in "${!FAIRLEAD_@}"; do
        [[ $name == FAIRLEAD_JAVA || $name == FAIRLEAD_JAVA_OPTS || $name == FAIRLEAD_DIST ]] || without+=(-u "$name")
    done
    setsid env "${without[@]}" nsenter --net="$(netns_path "$place")" -- "$@" </dev/null >>"$STATE/log/$component.log" 2>&1 9<&- &
    local pid=$!
    STARTED=gone
    start_time "$pid" || true
    echo "$pid $STARTED" >"$STATE/proc/$component.pid"
}

# Sets PID; fails when the component is not running.
running() {
    local recorded
    [[ -r $STATE/proc/$1.pid ]] || return 1
    read -r PID recorded <"$STATE/proc/$1.pid" || return 1
    start_time "$PID" && [[ $STARTED == "$recorded" ]]
}

gone() {
    ! running "$1"
}

# stop COMPONENT SECONDS: TERM, then KILL when the time is over.
stop() {
    running "$1" || return 0
    kill -TERM "$PID" 2>/dev/null || true
    if ! poll "$2" gone "$1"; then
        say "$1 does not stop on TERM within $2 s: KILL"
        ! running "$1" || kill -KILL "$PID" 2>/dev/null || true
        poll 5 gone "$1" || die "$1: pid $PID survives KILL"
    fi
}

log_tail() {
    echo "--- last lines of $STATE/log/$1.log" >&2
    tail -n "${2:-25}" "$STATE/log/$1.log" >&2 || true
    echo "---" >&2
}

dead_or() {
    local component=$1
    shift
    gone "$component" || "$@"
}

# await COMPONENT SECONDS WHAT COMMAND...: until the command succeeds; says why not, with the log, otherwise.
await() {
    local component=$1 seconds=$2 what=$3
    shift 3
    if ! poll "$seconds" dead_or "$component" "$@"; then
        log_tail "$component"
        echo "sandbox: $component is not ready after $seconds s (expected: $what)" >&2
        return 1
    fi
    if ! running "$component"; then
        log_tail "$component"
        echo "sandbox: $component ended (expected: $what)" >&2
        return 1
    fi
}

# Stops everything that is remembered or runs in the instance's namespaces, whatever state the sandbox is in.
proc_down() {
    proc_signal TERM
    # one that is paused ends when it goes on
    proc_signal CONT
    poll 6 nothing_runs || true
    proc_signal KILL
    poll 5 nothing_runs || say "processes survive KILL: $(net_processes | tr '\n' ' ')"
}

proc_signal() {
    local file component pid
    for file in "$STATE"/proc/*.pid; do
        [[ -e $file ]] || continue
        component=${file##*/}
        ! running "${component%.pid}" || kill -"$1" "$PID" 2>/dev/null || true
    done
    for pid in $(net_processes); do
        [[ $pid == "$$" || $pid == "$BASHPID" ]] || kill -"$1" "$pid" 2>/dev/null || true
    done
}

nothing_runs() {
    local file component pid
    for file in "$STATE"/proc/*.pid; do
        [[ -e $file ]] || continue
        component=${file##*/}
        ! running "${component%.pid}" || return 1
    done
    for pid in $(net_processes); do
        ! start_time "$pid" || return 1
    done
}

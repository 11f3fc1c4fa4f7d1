# Sourced by the launchers beside it: finds java and the class path, then becomes the JVM (the process id stays).
# shellcheck shell=sh
#
# fairlead_launch PROGRAM MAIN-CLASS ARGS...
#   FAIRLEAD_JAVA       the java to run (default: $JAVA_HOME/bin/java, else java on the PATH)
#   FAIRLEAD_JAVA_OPTS  more JVM options, separated by blanks
#   FAIRLEAD_DIST       the directory that holds lib/ and the class archives (default: deploy/target/dist)

fairlead_fail() {
    echo "$1" >&2
    exit 127
}

fairlead_java() {
    if [ -n "${FAIRLEAD_JAVA:-}" ]; then
        java=$FAIRLEAD_JAVA
    elif [ -n "${JAVA_HOME:-}" ]; then
        java=$JAVA_HOME/bin/java
    else
        java=$(command -v java) || fairlead_fail "java: not found on the PATH (expected: JDK 17 or later, or FAIRLEAD_JAVA=/path/to/java)"
    fi
    [ -x "$java" ] || fairlead_fail "java: $java cannot be run (expected: the java command of JDK 17 or later)"
}

# One order for all programs and all machines: a class archive is only valid for the class path it was made with.
fairlead_class_path() {
    class_path=
    for jar in "$dist"/lib/*.jar; do
        class_path=$class_path${class_path:+:}$jar
    done
    [ -e "${class_path%%:*}" ] || fairlead_fail "class path: $dist/lib holds no jars (expected: the output of 'make build')"
}

# Options that depend on the JDK; the release file answers without starting a JVM.
fairlead_version_options() {
    release=${java%/bin/java}/release
    [ -r "$release" ] || release=$(readlink -f "$java")
    release=${release%/bin/java}
    release=${release%/release}/release
    major=17
    if [ -r "$release" ]; then
        while IFS='=' read -r key value; do
            if [ "$key" = JAVA_VERSION ]; then
                value=${value#\"}
                major=${value%%[!0-9]*}
                break
            fi
        done <"$release"
    fi
    # Only the agent calls native code. Not --enable-native-access: class archives are made without it and would be refused.
    if [ "$program" = fairlead-agent ] && [ "${major:-17}" -ge 24 ]; then
        options="$options --illegal-native-access=allow"
    fi
}

fairlead_launch() {
    LC_ALL_BEFORE=${LC_ALL-unset}
    LC_ALL=C
    program=$1
    main=$2
    shift 2
    dist=${FAIRLEAD_DIST:-$home/target/dist}
    fairlead_java
    fairlead_class_path
    [ "$LC_ALL_BEFORE" = unset ] && unset LC_ALL || LC_ALL=$LC_ALL_BEFORE
    options="-XX:+UseSerialGC -XX:-UsePerfData -Xshare:auto -Xlog:disable -Xlog:all=error:stderr"
    case $program in
        # A command prints answers, no log lines; finding and setting up a logger would take a quarter of its time.
        fairlead)
            options="$options -XX:TieredStopAtLevel=1 -Xms16m -Xmx128m -Dslf4j.provider=org.slf4j.helpers.NOP_FallbackServiceProvider -Dslf4j.internal.verbosity=WARN"
            ;;
        fairlead-agent) options="$options -XX:TieredStopAtLevel=1 -Xms32m -Xmx256m -XX:+ExitOnOutOfMemoryError" ;;
        # 65,000 identities and 50,000 addresses, and as many again while nodes are sent all of them.
        fairlead-identity-service) options="$options -Xms32m -Xmx512m -XX:+ExitOnOutOfMemoryError" ;;
        *) options="$options -Xms32m -Xmx192m -XX:+ExitOnOutOfMemoryError" ;;
    esac
    fairlead_version_options
    # FAIRLEAD_ARCHIVE_TO: the run that writes the class archive. The JVM ignores an archive of other jars by itself.
    if [ -n "${FAIRLEAD_ARCHIVE_TO:-}" ]; then
        options="$options -XX:ArchiveClassesAtExit=$FAIRLEAD_ARCHIVE_TO"
    elif [ -r "$dist/$program.jsa" ]; then
        options="$options -XX:SharedArchiveFile=$dist/$program.jsa"
    fi
    options="$options ${FAIRLEAD_JAVA_OPTS:-}"
    # The programs read FAIRLEAD_<KEY> as configuration and refuse keys they do not know: these are not theirs.
    unset FAIRLEAD_JAVA FAIRLEAD_JAVA_OPTS FAIRLEAD_DIST FAIRLEAD_ARCHIVE_TO
    # shellcheck disable=SC2086 # options are separated by blanks on purpose
    exec "$java" $options -cp "$class_path" "$main" "$@"
}

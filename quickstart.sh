#!/bin/sh
# Shows a failover on this machine, or runs the tests: see ./quickstart.sh --help.
set -eu

usage()
{
    cat <<'EOF'
Usage: ./quickstart.sh [--keep] [--here]
       ./quickstart.sh test [--here]

Without a word it shows a failover. It installs what is missing (made for Debian 12; asks on a terminal), builds
into ./build, and brings up two nodes with a witness, each in namespaces of its own: MariaDB, keepalived and the
supervisor. It shows their status, kills the writer's MariaDB while a client writes, and prints how long no
write was acknowledged ("failover: N ms") and how many acknowledged writes are gone ("lost: N"). On a terminal
the live view follows, until q. Then everything is taken down again; packages and ./build stay.

  test    installs what the tests need besides and runs them; the last line is "N passed, N failed"
  --keep  leave the pair running, and say how to enter and end it
  --here  go on although MariaDB, Postfix or Dovecot run on this machine. Their services are not touched:
          packages are installed without starting or restarting any
  --help  this text

It needs root, for packages and namespaces. The exit code is 0 only if all went as it should.
EOF
}

die()
{
    echo "quickstart.sh: $*" >&2
    exit "${code:-1}"
}

cd "$(dirname "$0")"
. tests/quickstart/packages.sh
. tests/quickstart/build.sh

task=show here=no keep=
for word; do
    case $word in
    test) task="test" ;;
    --here) here=yes ;;
    --keep) keep=--keep ;;
    --help | -h) usage && exit 0 ;;
    *) code=2 die "$word is no option of it; see --help" ;;
    esac
done
[ -z "$keep" ] || [ $task = show ] || code=2 die "--keep does not go with test"

[ "$(id -u)" = 0 ] || die "needs root, for packages and network namespaces: sudo ./quickstart.sh${1:+ $*}"

case $task in
show) wanted="$(packages build) $(packages run)" ;;
test) wanted="$(packages build) $(packages run) $(packages test)" ;;
esac
missing=$(packages_missing $wanted)

# The tests disturb a machine only where they would install something on it.
if [ $here = no ] && { [ $task = show ] || [ -n "$missing" ]; }; then
    running=$(services_running)
    [ -z "$running" ] || die "on this machine runs: $(echo $running | sed 's/ /, /g').
Use another machine; or say --here, and nothing of that is touched (see --help)"
fi
if [ -n "$missing" ]; then
    packages_install $missing || die "the packages were not installed"
fi

unshare --net --mount --pid --uts --ipc --fork --mount-proc true ||
    die "this machine gives root no namespaces of its own (a container without privileges?)"

if [ $task = test ]; then
    make_configure
    exec tests/run
fi
build_programs build
exec tests/quickstart/failover --build build $keep

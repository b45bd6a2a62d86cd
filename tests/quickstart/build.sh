# How quickstart.sh builds. Sourced by it; no side effects.

# (as_owner COMMAND...) becomes that command, as the user who owns the source tree: a build under sudo leaves
# nothing there that its owner could not change. Call it in a subshell.
as_owner()
{
    owner=$(stat -c %U .)
    case $owner in
    root | UNKNOWN) exec "$@" ;;
    *) exec runuser -u "$owner" -- "$@" ;;
    esac
}

# build_programs DIR: brings the programs in DIR up to date, out of tree; ends the script when it cannot.
build_programs()
{
    (as_owner mkdir -p "$1")
    echo "Building in $1"
    log=$1/quickstart.log
    # In the background, so that a signal is felt at once; timeout passes it on to all of make's children.
    (as_owner timeout 1h sh -ec '
        [ -e configure ] || ./autogen.sh
        cd "$0"
        [ -e Makefile ] || ../configure
        make -j"$(nproc)"' "$1") >"$log" 2>&1 </dev/null &
    building=$!
    trap 'kill $building 2>/dev/null || :; wait $building || :; exit 130' INT TERM HUP
    wait $building || {
        tail -n 30 "$log" >&2
        die "the build failed; all of it is in $log"
    }
    trap - INT TERM HUP
}

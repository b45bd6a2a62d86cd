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

# make_configure: from configure.ac, where it is not there yet.
make_configure()
{
    [ -e configure ] || (as_owner ./autogen.sh) >/dev/null 2>&1 || die "./autogen.sh failed; run it to see why"
}

# build_programs DIR: brings the programs in DIR up to date, out of tree; ends the script when it cannot.
build_programs()
{
    echo "Building in $1"
    make_configure
    (as_owner mkdir -p "$1")
    # In the background, so that a signal is felt at once; timeout passes it on to all of make's children.
    (as_owner timeout 1h sh -ec '
        cd "$1"
        exec >quickstart.log 2>&1
        [ -e Makefile ] || ../configure
        make -j"$(nproc)"' sh "$1") </dev/null &
    building=$!
    trap 'kill $building 2>/dev/null || :; wait $building || :; exit 130' INT TERM HUP
    wait $building || {
        tail -n 30 "$1/quickstart.log" >&2
        die "the build failed; all of it is in $1/quickstart.log"
    }
    trap - INT TERM HUP
}

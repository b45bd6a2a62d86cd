#!/bin/sh
# The packages that quickstart.sh installs, and the policy-rc.d that it puts back. Speaks TAP.
set -u
srcdir=${srcdir:-.}
. "$srcdir/tests/quickstart/packages.sh"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
POLICY=$dir/policy-rc.d
count=0 failed=0

# ok WHAT COMMAND...
ok()
{
    what=$1
    shift
    count=$((count + 1))
    if "$@"; then
        echo "ok $count - $what"
    else
        failed=1
        echo "not ok $count - $what"
    fi
}

all_listed()
{
    listed=" $(packages build | tr '\n' ' ') $(packages run | tr '\n' ' ') $(packages test | tr '\n' ' ') "
    lacking=
    for name in $(grep -ho 'lib[a-z0-9.-]*-dev' "$srcdir/configure.ac"; sed -n 's/.*apt-get install \(.*\)" >&2/\1/p' \
        "$srcdir/autogen.sh"); do
        case $listed in *" $name "*) ;; *) lacking="$lacking $name" ;; esac
    done
    [ -z "$lacking" ] || echo "# not listed:$lacking"
    [ -z "$lacking" ]
}

forbids()
{
    "$POLICY"
    [ $? = 101 ]
}

absent()
{
    [ ! -e "$POLICY" ] && [ ! -e "$POLICY.quickstart-saved" ]
}

theirs()
{
    [ "$(cat "$POLICY")" = "#!/bin/sh
exit 0" ] && [ "$(stat -c %a "$POLICY")" = 750 ] && [ ! -e "$POLICY.quickstart-saved" ]
}

echo 1..8
ok "every library that configure asks for is listed" all_listed
ok "a package that is installed is not missing" [ -z "$(packages_missing dpkg)" ]
ok "one that does not exist is" [ "$(packages_missing no-such-package)" = no-such-package ]
policy_forbid
ok "no service is started" forbids
policy_restore
ok "where there was no policy there is none" absent
printf '#!/bin/sh\nexit 0\n' >"$POLICY" && chmod 750 "$POLICY"
policy_forbid
ok "nor with a policy of the machine's own" forbids
policy_restore
ok "which is back as it was" theirs
policy_forbid
policy_forbid
policy_restore
ok "also after a run that could not put it back" theirs
exit $failed

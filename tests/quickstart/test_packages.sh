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

# What a test, or a script that a test runs, calls and skips without, or fails.
test_tools()
{
    listed=" $(packages test | tr '\n' ' ') "
    lacking=
    for name in strace:strace systemd-analyze:systemd curl:curl clang:clang libFuzzer:libclang-rt-dev clang-format:clang-format mandoc:mandoc \
        openssl:openssl etcd:etcd-server icinga2:icinga2-bin nagios4:nagios4-core; do
        case $listed in *" ${name#*:} "*) ;; *) lacking="$lacking $name" ;; esac
    done
    [ -z "$lacking" ] || echo "# not listed:$lacking"
    [ -z "$lacking" ]
}

# Names of packages and nothing else: a word like "#" would be installed.
well_formed()
{
    for name in $(packages build) $(packages run) $(packages test); do
        case $name in *[!a-z0-9.+-]* | [!a-z0-9]* | ?) echo "# $name" && return 1 ;; esac
    done
    [ -z "$( (packages build; packages run; packages test) | tr ' ' '\n' | sort | uniq -d)" ]
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

echo 1..10
ok "every library that configure asks for is listed" all_listed
ok "and every tool that tests call" test_tools
ok "the list is names, each once" well_formed
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

# The Debian packages that quickstart.sh needs, and how it installs them. Sourced by it; no side effects.
#
# The one list of packages: `make check` holds it against configure.ac.

POLICY=${POLICY:-/usr/sbin/policy-rc.d}
POLICY_MARK='Written by mysql-replcheck/quickstart.sh'

# packages build|run|test: what building needs; what the pair needs besides; what the tests need besides.
packages()
{
    case $1 in
    build)
        echo autoconf automake gcc libc6-dev make pkg-config
        echo libmariadb-dev libyaml-dev libconfig-dev libevent-dev libjansson-dev libmnl-dev libsqlite3-dev
        echo libsmartcols-dev libcurl4-openssl-dev libssl-dev libseccomp-dev
        ;;
    run)
        # The laboratory is written in Python and uses nothing but its standard library.
        echo mariadb-server keepalived nftables iproute2 python3
        ;;
    test)
        echo libcmocka-dev mandoc openssl xz-utils postfix postfix-mysql dovecot-core dovecot-mysql
        echo etcd-server libfaketime libfuse3-dev
        # systemd: for its tools that read units; it is not started. clang: the fuzzer, with its run-time library.
        echo strace systemd curl clang libclang-rt-dev clang-format
        echo icinga2-bin icinga2-common nagios4-core
        ;;
    esac
}

# packages_missing NAME...: those that are not installed.
packages_missing()
{
    for name; do
        status=$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) || status=
        [ "$status" = installed ] || echo "$name"
    done
}

# policy_forbid: until policy_restore, installing a package starts no service. What was there is kept beside it;
# a file that an interrupted run left is put right first.
policy_forbid()
{
    policy_restore
    if [ -e "$POLICY" ] || [ -L "$POLICY" ]; then
        mv "$POLICY" "$POLICY.quickstart-saved"
    fi
    printf '#!/bin/sh\n# %s\nexit 101\n' "$POLICY_MARK" >"$POLICY"
    chmod 755 "$POLICY"
}

policy_restore()
{
    if [ -f "$POLICY" ] && grep -qsF "$POLICY_MARK" "$POLICY"; then
        rm -f "$POLICY"
    fi
    if [ -e "$POLICY.quickstart-saved" ] || [ -L "$POLICY.quickstart-saved" ]; then
        mv "$POLICY.quickstart-saved" "$POLICY"
    fi
}

# services_running: mail and database daemons of this machine, by name. Those in other namespaces of processes
# (containers, our own laboratories) are not its own.
services_running()
{
    own=$(readlink /proc/self/ns/pid)
    for dir in /proc/[0-9]*; do
        [ "$(readlink "$dir/ns/pid" 2>/dev/null)" = "$own" ] || continue
        case $(cat "$dir/comm" 2>/dev/null) in
        mariadbd | mysqld) echo MariaDB ;;
        dovecot) echo Dovecot ;;
        master)
            case $(readlink "$dir/exe" 2>/dev/null) in
            */postfix/*) echo Postfix ;;
            esac
            ;;
        esac
    done | sort -u
}

# packages_install NAME...: asks on a terminal, starts no service, removes no other package.
packages_install()
{
    command -v apt-get >/dev/null || {
        echo "These packages are needed, under the names they have in Debian 12: $*" >&2
        return 1
    }
    echo "Packages to install: $*"
    if [ -t 0 ]; then
        printf 'Install them now? [Y/n] '
        read -r answer || answer=n
        case $answer in
        '' | [Yy]*) ;;
        *) return 1 ;;
        esac
    fi
    policy_forbid
    trap policy_restore EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    result=0
    { apt-get update -q || echo "The list of packages could not be brought up to date." >&2; } &&
        DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends --no-remove \
            -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold "$@" </dev/null || result=$?
    policy_restore
    trap - EXIT INT TERM HUP
    [ $result != 0 ] || services_note "$@"
    return $result
}

# services_note PACKAGE...: what the administrator of a machine with systemd should know after installing them.
services_note()
{
    units=
    for name; do
        case $name in
        mariadb-server) units="$units mariadb" ;;
        keepalived | postfix) units="$units $name" ;;
        dovecot-core) units="$units dovecot" ;;
        icinga2-common) units="$units icinga2" ;;
        nagios4-core) units="$units nagios4" ;;
        esac
    done
    [ -z "$units" ] || [ ! -d /run/systemd/system ] ||
        echo "No service was started. At the next boot they would be; to prevent it: systemctl disable$units"
}

#!/bin/bash
# Sources the completion and completes: every command and option of the three programs, and what stands behind an
# option. Speaks TAP.
srcdir=${srcdir:-.}
srcdir=$(cd "$srcdir" && pwd)
PATH=$PWD:$PATH
. "$srcdir/conf/mysql-replcheck.bash"
count=0
failed=0
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
touch "$dir/one.cnf" "$dir/two words.yaml"
mkdir "$dir/folder"
cp "$srcdir/conf/cluster.yaml" "$srcdir/conf/node.conf" "$dir/folder"

result()
{
    count=$((count + 1))
    [ "$2" = "$3" ] && echo "ok $count - $1" && return
    diff <(echo "$2") <(echo "$3") | sed 's/^/# /'
    echo "not ok $count - $1"
    failed=1
}

lines()
{
    printf '%s\n' "$@" | sort -u
}

# completes "WORDS SO FAR" WANTED...: the last of the words, which may be empty, is completed to exactly these.
completes()
{
    local line=$1
    shift
    read -ra COMP_WORDS <<<"${line//=/ = }"
    [ "${line% }" = "$line" ] || COMP_WORDS+=("")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    "$(complete -p "${COMP_WORDS[0]}" | sed 's/.*-F \([^ ]*\) .*/\1/')" "${COMP_WORDS[0]}"
    result "$line" "$(lines "$@")" "$(lines "${COMPREPLY[@]}")"
}

# Of a table of getopt's: every option but those that are for the program's own use.
getopt_names()
{
    sed -n 's/.*{"\([a-z-]*\)", [a-z]*_argument, NULL, .*/--\1/p' "$srcdir/$1" | grep -v '^--password$' | sort -u
}

commands=$(mysql-replcheck --help | sed -n 's/^  \([a-z]*\)  .*/\1/p' | grep -v '^help$')
modes="all writer lag threads gtid offsets vip quorum readiness"
completes "mysql-replcheck " $commands help --config --help --version
completes "mysql-replcheck swi" switchover
completes "mysql-replcheck help b" breaker
completes "mysql-replcheck --config /etc sta" status
completes "mysql-replcheck --config=/etc sta" status
completes "mysql-replcheck maintenance o" on off
completes "mysql-replcheck maintenance on o"
completes "mysql-replcheck breaker r" reset
completes "mysql-replcheck schema u" upgrade uninstall
completes "mysql-replcheck schema --user root u" upgrade uninstall
completes "mysql-replcheck promote --p" --peer-is-off
completes "mysql-replcheck check c"
completes "mysql-replcheck check --mode " $modes
completes "mysql-replcheck check --mode=l" lag
completes "mysql-replcheck check -m wr" writer
completes "mysql-replcheck check --warning "
completes "mysql-replcheck check --mode lag --wa" --warning
completes "mysql-replcheck history --kind " action alert hook operator start state
completes "mysql-replcheck history --limit "
completes "mysql-replcheck switchover --to "
completes "mysql-replcheck --config $dir/folder switchover --to " mx1 mx2
completes "mysql-replcheck promote --config $dir/folder --peer-is-off m" mx1 mx2
completes "mysql-replcheck check --defaults-file $dir/" "$dir/one.cnf" "$dir/two words.yaml" "$dir/folder"
completes "mysql-replcheck check --tls-ca $dir/o" "$dir/one.cnf"
completes "mysql-replcheck check --cluster $dir/t" "$dir/two words.yaml"
completes "mysql-replcheck schema install --cluster $dir/t"
completes "mysql-replcheck schema install --login-password-file $dir/o" "$dir/one.cnf"
completes "mysql-replcheck history --journal=$dir/o" "$dir/one.cnf"
completes "mysql-replcheck --config $dir/" "$dir/folder"
completes "mysql-replcheckd --config $dir/" "$dir/folder"
completes "mysql-replcheckd --ch" --check-config
completes "check_mysql_replcheck -m " $modes
completes "check_mysql_replcheck --socket=$dir/o" "$dir/one.cnf"
completes "check_mysql_replcheck --timeout "
for command in $commands; do
    words=$(mysql-replcheck --completion | sed -n "s/^$command : words *//p")
    named=$(mysql-replcheck help "$command" | grep -oE '(^|[^a-z-])--[a-z-]+' | sed 's/.*--/--/' | sort -u)
    completes "mysql-replcheck $command " $words $named --config --help
done
completes "mysql-replcheckd --" $(getopt_names supervisor/daemon/main.c)
completes "check_mysql_replcheck --" $(getopt_names plugin/options.c) --extra-opts
result "one table for each command: nothing but that one calls getopt" supervisor/cli/usage.c \
    "$(cd "$srcdir" && grep -l 'getopt_long(' supervisor/cli/*.c)"
for mode in $modes; do
    result "the mode $mode is one" "" "$(mysql-replcheck check --mode "$mode" --config /nonexistent | grep -i mode)"
done
result "no other" "$(lines $modes)" "$(lines $(sed -n '/names\[CHECK_MODES\] = {/,/};/p' \
    "$srcdir/supervisor/model/check.c" | grep -oE '"[a-z]+"' | tr -d '"'))"
for kind in $(mysql-replcheck --completion | sed -n 's/^history --kind words //p'); do
    result "the kind $kind is one" "" "$(mysql-replcheck history --kind "$kind" --journal /nonexistent 2>&1 | grep kind)"
done
echo "1..$count"
exit $failed

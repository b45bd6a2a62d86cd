#!/bin/bash
# Sources the completion and completes: every command, and what each takes. Speaks TAP.
srcdir=${srcdir:-.}
PATH=$PWD:$PATH
. "$srcdir/conf/mysql-replcheck.bash"
count=0

# completes "WORDS SO FAR" WANTED...: the last of the words, which may be empty, is completed to exactly these.
completes()
{
    local line=$1 got wanted
    shift
    read -ra COMP_WORDS <<<"$line"
    [ "${line% }" = "$line" ] || COMP_WORDS+=("")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    _mysql_replcheck mysql-replcheck
    got=$(printf '%s\n' "${COMPREPLY[@]}" | sort -u)
    wanted=$(printf '%s\n' "$@" | sort -u)
    count=$((count + 1))
    [ "$got" = "$wanted" ] && echo "ok $count - $line" && return
    diff <(echo "$wanted") <(echo "$got") | sed 's/^/# /'
    echo "not ok $count - $line"
}

# Every command's options, as its help names them.
options_of()
{
    mysql-replcheck help "$1" | grep -oE '(^|[^a-z-])--[a-z-]+' | sed 's/.*--/--/' | sort -u
}

commands=$(mysql-replcheck --help | sed -n 's/^  \([a-z]*\)  .*/\1/p')
echo "1..$(($(wc -w <<<"$commands") + 8))"
completes "mysql-replcheck " $commands help --config --help --version
completes "mysql-replcheck swi" switchover
completes "mysql-replcheck help b" breaker
completes "mysql-replcheck --config /etc sta" status
completes "mysql-replcheck maintenance o" on off
completes "mysql-replcheck breaker r" reset
completes "mysql-replcheck schema u" upgrade uninstall
completes "mysql-replcheck promote --p" --peer-is-off
for command in $commands; do
    completes "mysql-replcheck $command --" $(options_of "$command") --config --help
done

# bash completion for mysql-replcheck, mysql-replcheckd and check_mysql_replcheck.
#
# What may stand where is a table with lines "COMMAND OPTION,LETTER KIND WORD...": KIND is none, value, file, dir, or
# words, which follow. The command ":" is of every command and of none, the option ":" stands for a word that is no
# option. mysql-replcheck prints its own; tests/test_completion.bash holds the other two against the programs.

_mysql_replcheckd_table=': --config dir
: --foreground none
: --check-config none
: --upgrade none
: --version none
: --help none'

_check_mysql_replcheck_table=': --mode,-m words all writer lag threads gtid offsets vip quorum readiness
: --warning,-w value
: --critical,-c value
: --timeout,-t value
: --verbose,-v none
: --version,-V none
: --help,-h none
: --extra-opts value
: --socket,-S file
: --stale value
: --config dir
: --direct none
: --hostname,-H value
: --port,-P value
: --user,-u value
: --defaults-file file
: --tls-ca file
: --program file'

# _mysql_replcheck_row COMMAND OPTION: sets row to KIND WORD..., of the table of the caller.
_mysql_replcheck_row()
{
    local -a columns
    row=(none)
    while read -ra columns; do
        [ "${columns[0]}" = "$1" ] || [ "${columns[0]}" = : ] || continue
        case ,${columns[1]}, in *,"$2",*) row=("${columns[@]:2}") && return ;; esac
    done <<<"$table"
}

# Names of files may have blanks, words have none.
_mysql_replcheck_offer()
{
    local kind=$1
    shift
    case $kind in
    file | dir)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(if [ "$kind" = dir ]; then compgen -d -- "$word"; else compgen -f -- "$word"; fi)
        ;;
    words) mapfile -t COMPREPLY < <(compgen -W "$*" -- "$word") ;;
    esac
}

# _mysql_replcheck_complete [FIRST]: of the caller's table. FIRST: what else may stand in a command's place.
_mysql_replcheck_complete()
{
    local word=${COMP_WORDS[COMP_CWORD]} command= given= at w
    local -a row=(none) words=()
    COMPREPLY=()
    # --mode=all comes as three words.
    [ "$word" != = ] || word=
    for ((at = 1; at < COMP_CWORD; at++)); do
        w=${COMP_WORDS[at]}
        if [ "$w" = = ]; then
            continue
        elif [ "${row[0]}" != none ]; then
            row=(none)
        elif [ "${w:0:1}" = - ]; then
            _mysql_replcheck_row "$command" "$w"
        elif [ -z "$command" ]; then
            command=$w
        else
            given=$w
        fi
    done
    if [ "${row[0]}" != none ]; then
        _mysql_replcheck_offer "${row[@]}"
        return
    fi
    if [ -z "$command" ]; then
        words=($1)
    elif [ -z "$given" ]; then
        _mysql_replcheck_row "$command" :
        words=("${row[@]:1}")
    fi
    words+=($(while read -r at w _; do
        case $at:$w in :*:--* | "$command":--*) echo "${w%%,*}" ;; esac
    done <<<"$table"))
    _mysql_replcheck_offer words "${words[@]}"
}

_mysql_replcheck()
{
    local table commands at config=
    for ((at = 1; at < COMP_CWORD; at++)); do
        [ "${COMP_WORDS[at]}" != --config ] || config=${COMP_WORDS[at + 1]}
    done
    table=$("$1" ${config:+--config "$config"} --completion 2>/dev/null)
    commands=$(sed -n 's/^\([a-z]*\) : .*/\1/p' <<<"$table" | tr '\n' ' ')
    table="$table
help : words $commands
: --config dir
: --help none"
    _mysql_replcheck_complete "$commands help --version"
}

_mysql_replcheckd()
{
    local table=$_mysql_replcheckd_table
    _mysql_replcheck_complete
}

_check_mysql_replcheck()
{
    local table=$_check_mysql_replcheck_table
    _mysql_replcheck_complete
}

complete -F _mysql_replcheck mysql-replcheck
complete -F _mysql_replcheckd mysql-replcheckd
complete -F _check_mysql_replcheck check_mysql_replcheck

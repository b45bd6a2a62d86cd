# bash completion for mysql-replcheck. The words come from the installed program, once for each shell.

_mysql_replcheck()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command= i line
    COMPREPLY=()
    [ -n "$_mysql_replcheck_words" ] || _mysql_replcheck_words=$("$1" --completion 2>/dev/null)
    case $before in
    --config)
        compopt -o dirnames 2>/dev/null
        return
        ;;
    --journal | --password-file | --socket)
        compopt -o default 2>/dev/null
        return
        ;;
    esac
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --config) ((i++)) ;;
        -*) ;;
        *) command=${COMP_WORDS[i]} && break ;;
        esac
    done
    if [ -z "$command" ]; then
        line="$(cut -d' ' -f1 <<<"$_mysql_replcheck_words") help --config --help --version"
    elif [ "$command" = help ]; then
        line=$(cut -d' ' -f1 <<<"$_mysql_replcheck_words")
    else
        line="$(sed -n "s/^$command //p" <<<"$_mysql_replcheck_words") --config --help"
    fi
    COMPREPLY=($(compgen -W "$line" -- "$word"))
}
complete -F _mysql_replcheck mysql-replcheck

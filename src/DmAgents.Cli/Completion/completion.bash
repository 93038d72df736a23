# bash completion for dmagent

_dmagent() {
    local line word candidates
    line=${COMP_LINE:0:COMP_POINT}
    # bash splits words at ':' and '='; what it already has of the word must not be inserted again.
    word=${line##*[[:space:]]}
    local prefix=${word%"${COMP_WORDS[COMP_CWORD]}"}
    [[ ${COMP_WORDS[COMP_CWORD]} == [:=] ]] && prefix=$word
    COMPREPLY=()
    while IFS= read -r candidates; do
        [[ $candidates == "$word"* ]] && COMPREPLY+=("${candidates#"$prefix"}")
    done < <(command dmagent "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)
}

complete -o bashdefault -o default -F _dmagent dmagent

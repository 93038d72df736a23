# bash completion for dmagent

_dmagent() {
    local line=${COMP_LINE:0:COMP_POINT}
    local word=${line##*[[:space:]]}
    local current=${COMP_WORDS[COMP_CWORD]}
    # bash splits words at ':' and '='; what it already has of the word must not be inserted again.
    local prefix=${word%"$current"}
    [[ $current == [:=] ]] && prefix=$word
    local candidate
    COMPREPLY=()
    while IFS= read -r candidate; do
        # Options only where one has been begun: otherwise they would hide the files.
        [[ $candidate == -* && $word != -* ]] && continue
        [[ $candidate == "$word"* ]] && COMPREPLY+=("${candidate#"$prefix"}")
    done < <(command dmagent "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)
}

complete -o bashdefault -o default -F _dmagent dmagent

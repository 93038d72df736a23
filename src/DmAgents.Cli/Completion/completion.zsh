#compdef dmagent
# zsh completion for dmagent

_dmagent() {
    local -a candidates
    candidates=("${(@f)$(command dmagent "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)}")
    candidates=(${candidates:#})
    # Options only where one has been begun: otherwise they would hide the files.
    [[ $PREFIX == -* ]] || candidates=(${candidates:#-*})
    if (( ${#candidates} )); then
        compadd -- "${candidates[@]}"
    else
        _files
    fi
}

# Sourced, or loaded by compinit from fpath.
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _dmagent "$@"
else
    compdef _dmagent dmagent
fi

# fish completion for dmagent

function __dmagent_complete
    set -l line (commandline --cut-at-cursor)
    set -l word (commandline --current-token --cut-at-cursor)
    set -l candidates (command dmagent "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null)
    # Options only where one has been begun: otherwise they would hide the files.
    if not string match --quiet -- '-*' "$word"
        set candidates (string match --invert -- '-*' $candidates)
    end
    if test (count $candidates) -gt 0
        printf '%s\n' $candidates
    else
        __fish_complete_path "$word"
    end
end

complete --command dmagent --no-files --arguments '(__dmagent_complete)'

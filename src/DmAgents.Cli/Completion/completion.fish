# fish completion for dmagent

function __dmagent_complete
    set -l line (commandline --cut-at-cursor)
    command dmagent "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
end

complete --command dmagent --arguments '(__dmagent_complete)'

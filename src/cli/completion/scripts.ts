/**
 * The scripts that tell a shell how to complete queuectl. All that they know is how to ask
 * `queuectl __complete` (see `answer.ts`) and how to give the answer to the shell.
 *
 * @module
 */

import type { Shell } from "./answer.ts";

// The name is written out, so that an alias of it works too.
const BASH = `# Completion of queuectl for bash: eval "$(queuectl completions bash)"
_queuectl() {
  local kind='' line
  local -i skip=0 i
  COMPREPLY=()
  {
    read -r kind skip
    while IFS= read -r line; do COMPREPLY+=("$line"); done
  } < <(queuectl __complete bash -- "\${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null)
  case $kind in
    values) compopt -o nosort 2>/dev/null ;;
    file)
      if ((skip == 0)); then compopt -o default
      else
        compopt -o filenames
        while IFS= read -r line; do COMPREPLY+=("\${2:0:skip}$line"); done < <(compgen -f -- "\${2:skip}")
      fi ;;
    directory) compopt -o dirnames ;;
    command)
      for ((i = 1; i < COMP_CWORD; i++)); do [[ \${COMP_WORDS[i]} == -- ]] && break; done
      if declare -F _command_offset >/dev/null; then _command_offset $((i + 1))
      elif ((COMP_CWORD > i + 1)); then compopt -o default
      else while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -c -- "$2")
      fi ;;
  esac
}
complete -F _queuectl queuectl
`;

const ZSH = `#compdef queuectl
# Completion of queuectl for zsh: eval "$(queuectl completions zsh)" after compinit, or save this as
# _queuectl in a directory of your fpath.
_queuectl() {
  local -a answer candidates before
  local kind
  integer skip
  before=("\${(@)words[2,CURRENT-1]}")
  answer=("\${(@f)$(queuectl __complete zsh -- "\${(@Q)before}" "$PREFIX" 2>/dev/null)}")
  kind=\${answer[1]%% *} skip=\${answer[1]##* } candidates=("\${(@)answer[2,-1]}")
  case $kind in
    command)
      shift $skip words
      (( CURRENT -= skip ))
      _normal
      return ;;
    values)
      (( $#answer > 1 )) || return 1
      (( skip == 0 )) || compset -p $skip
      _describe -V queuectl candidates ;;
    file)
      (( skip == 0 )) || compset -p $skip
      _files ;;
    directory)
      (( skip == 0 )) || compset -p $skip
      _files -/ ;;
    *) return 1 ;;
  esac
}
# Read from the fpath this is the function itself, at its first call.
if [[ $funcstack[1] == _queuectl ]]; then _queuectl "$@"; else compdef _queuectl queuectl; fi
`;

const FISH =
  `# Completion of queuectl for fish: save this as ~/.config/fish/completions/queuectl.fish
function __queuectl_complete
    set -l before (commandline -opc)
    set -l word (commandline -ct)
    set -l plain (string trim --left --chars='\\'"' -- "$word")
    set -l answer (queuectl __complete fish -- $before[2..] "$plain" 2>/dev/null)
    set -q answer[1]; or return
    set -l first (string split ' ' -- $answer[1])
    set -l skip $first[2]
    switch $first[1]
        case values
            set -q answer[2]; and printf '%s\\n' $answer[2..]
        case command
            complete -C (string join -- ' ' (string escape -- $before[(math $skip + 1)..]) "$word")
        case file directory
            set -l lead (string sub --length $skip -- "$plain")
            set -l path (string sub --start (math $skip + 1) -- "$plain")
            if test $first[1] = file
                printf '%s\\n' "$lead"(__fish_complete_path "$path")
            else
                printf '%s\\n' "$lead"(__fish_complete_directories "$path")
            end
    end
end
complete -c queuectl -f -k -a '(__queuectl_complete)'
`;

/** The script of each shell. */
export const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

# SPDX-License-Identifier: MIT
# The committed completions are what the programs' help says, and the shells understand them.

load ../helpers

setup() {
  needs bash zsh fish
  [ -n "$(ls "$BUILD/bin")" ]
}

complete_bash() {  # WORDS...: what bash offers for the last one
  bash -c 'program=$1; source "$2"; shift 2
    COMP_WORDS=("$program" "$@") COMP_CWORD=$#
    "_${program//-/_}"
    printf "%s\n" "${COMPREPLY[@]}"' bash "$1" "$ROOT/completions/bash/$1" "${@:2}"
}

options() { "$BUILD/bin/$1" "${@:2}" --help | grep -oE '^  (-[a-z], )?--[a-z0-9-]+' | grep -oE -- '--[a-z0-9-]+' | sort -u; }

@test "the completions are the ones that the help gives" {
  "$ROOT/completions/generate" "$BUILD/bin" "$BATS_TEST_TMPDIR"
  local shell
  for shell in bash zsh fish; do
    diff -ru "$ROOT/completions/$shell" "$BATS_TEST_TMPDIR/$shell" || {
      echo "write them anew: make completions"
      return 1
    }
  done
}

@test "bash offers every option of every program and verb" {
  local path program verb
  for path in "$BUILD"/bin/*; do
    program=$(basename "$path")
    diff <(options "$program") <(complete_bash "$program" -- | sort -u)
    for verb in $("$path" --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]\S*\).*/\1/p'); do
      diff <(options "$program" "$verb") <(complete_bash "$program" "$verb" -- | sort -u)
    done
  done
}

@test "zsh and fish read them without complaint, and fish offers the options" {
  local path program
  for path in "$BUILD"/bin/*; do
    program=$(basename "$path")
    zsh -n "$ROOT/completions/zsh/_$program"
    fish -n "$ROOT/completions/fish/$program.fish"
    diff <(options "$program") <(fish --no-config -c "source '$ROOT/completions/fish/$program.fish'; complete -C '$program --'" | cut -f1 | sort -u)
  done
}

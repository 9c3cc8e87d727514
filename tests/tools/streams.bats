# SPDX-License-Identifier: MIT
# Every program whose stdout or stderr takes nothing: an exit code, never a crash.

bats_require_minimum_version 1.5.0
load ../helpers

# into_closed CMD...: with a stdout whose reader has left already.
into_closed() {
  local pipe=$BATS_TEST_TMPDIR/pipe reader writer
  [[ -p $pipe ]] || mkfifo "$pipe"
  exec {reader}<>"$pipe"
  exec {writer}>"$pipe"
  exec {reader}<&-
  run -0 --separate-stderr bash -c '"$@" >&"$0"' "$writer" "$@"
  exec {writer}>&-
}

@test "a stderr that takes nothing keeps no program from its work" {
  local program
  for program in "session-detect --verify none" "ipban apply --dry-run" "sockkill apply --dry-run"; do
    # shellcheck disable=SC2086
    printf 'x\ny\n' | $program 2>/dev/full >"$BATS_TEST_TMPDIR/out"
    [[ $(<"$BATS_TEST_TMPDIR/out") = $'x\ny' ]]
  done
  run -64 bash -c 'xlog-tail --bogus 2>/dev/full'
}

@test "a stdout that is full is told, and is exit 74" {
  local words
  for words in "ipban --help" "sockkill --version" "session-detect --help" "xlog-tail --explain x"; do
    # shellcheck disable=SC2086
    run -74 bash -c '"$@" >/dev/full' _ $words
    [[ ${#lines[@]} -eq 1 && $output = *": No space left on device" ]]
  done
}

@test "a reader that left has seen what it wanted" {
  into_closed ipban --help
  [[ -z $stderr ]]
  into_closed xlog-tail --explain x
  [[ -z $stderr ]]
}

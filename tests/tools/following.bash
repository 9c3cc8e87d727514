# SPDX-License-Identifier: MIT
# A log that grows, and xlog-tail behind it.

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  LOG=access.log
  OUT=out
}

# line N [FILE]: the N-th numbered record, appended.
line() {
  printf '2026/06/01 12:00:00.%06d from 203.0.113.7:1 accepted tcp:a.example:443 [in -> out] email: u%d\n' "$1" "$1" >>"${2:-$LOG}"
}
lines() {
  local n
  for n in $(seq "$1" "$2"); do line "$n"; done
}

# follow ARGS...: xlog-tail in the background, until it has opened what is there.
follow() {
  spawn xlog-tail --node n1 "$@" >"$OUT" 2>err
  wait_until reads_signals "$SPAWNED"
}
# Its signals are blocked once it is past its start, and it sleeps when it has read what was there.
reads_signals() {
  [[ $(awk '/^SigBlk/ { print $2 }' "/proc/$1/status") != 0000000000000000 ]] &&
    [[ $(cut -d' ' -f3 "/proc/$1/stat") = S ]]
}
got() { wait_for_line "$OUT" "\"user\":\"u$1\""; }
# every_line_once N: u1 to uN came once each, in order or not.
every_line_once() {
  diff <(seq "$1" | sed 's/.*/u&/' | sort) <(sed -n 's/.*"user":"\([^"]*\)".*/\1/p' "$OUT" | sort)
}
stop() {
  kill "$SPAWNED"
  wait "$SPAWNED"
}

# SPDX-License-Identifier: MIT
# session-detect as a program: recorded cases, and what only a running process shows.
bats_require_minimum_version 1.5.0
load ../helpers

teardown() { cleanup; }

# access SECOND USER IP [PORT]: one event.
access() {
  printf '{"type":"access","time":"2026-06-01T12:00:%02d.000000Z","user":"%s","ip":"%s","port":%d,"status":"accepted"}\n' \
    "$1" "$2" "$3" "${4:-40000}"
}

# start_judge OPTION...: reads what feed writes, into the files out and err.
start_judge() {
  cd "$BATS_TEST_TMPDIR"
  mkfifo in
  exec {FEED}<>in
  spawn session-detect --node fi-1 --verify none --rule strict "$@" <in >out 2>err
  JUDGE=$SPAWNED
  feed echo '{"type":"hello"}'
  wait_for_line out hello
}
feed() { "$@" >&"$FEED"; }

@test "every recorded case still comes out the same" {
  run_cases session-detect
}

@test "a verdict is written at once, not when the input ends" {
  start_judge
  feed access 1 ann 203.0.113.7
  feed access 2 ann 198.51.100.4
  wait_for_line out '"type":"ban".*"target":"198.51.100.4"'
}

@test "limits are reread when their file changes, and a wrong file changes nothing" {
  echo 'ann 2' >"$BATS_TEST_TMPDIR/limits"
  start_judge --limits limits
  feed access 1 ann 203.0.113.7
  feed access 1 ann 198.51.100.4
  echo 'ann many' >limits
  wait_for_line err "line 1 'ann many': 'many' is not a number; the limits stay as they were"
  feed access 2 ann 192.0.2.1
  wait_for_line out '"target":"192.0.2.1"'
  echo 'bob 1' >aside && mv aside limits
  judged_again() {
    feed access 3 ann 203.0.113.7
    has_lines out '"user":"ann","limit":1' 1
  }
  wait_until judged_again
}

@test "the state survives kill -9 as it was saved, and one process may use it" {
  start_judge --state state
  feed access 1 ann 203.0.113.7
  wait_until test -e state
  run -75 session-detect --verify none --state state </dev/null
  [[ $output == "session-detect: 'state' is in use by another process" ]]
  kill -9 "$JUDGE"
  wait_gone "$JUDGE"
  access 2 ann 198.51.100.4 | session-detect --verify none --rule strict --state state >later
  has_lines later '"target":"198.51.100.4"' 1
}

@test "a log judged in two halves around a restart gives the same verdicts" {
  cd "$BATS_TEST_TMPDIR"
  awk 'BEGIN { srand(7); for (i = 0; i < 3000; i++)
    printf "{\"type\":\"access\",\"time\":\"2026-06-01T12:%02d:%02d.%06dZ\",\"user\":\"user %d\",\"ip\":\"203.0.113.%d\",\"port\":%d,\"status\":\"accepted\"}\n",
      i / 60, i % 60, i, rand() * 5, 1 + rand() * 4, 1024 + i }' >log
  session-detect --verify none --node n <log >whole
  has_lines whole '"type":"ban"' 10
  for cut in 1 1000 2999; do
    rm -f state
    { head -n "$cut" log | session-detect --verify none --node n --state state
      tail -n +$((cut + 1)) log | session-detect --verify none --node n --state state; } >halves
    cmp whole halves
  done
}

@test "it ends quietly when its reader goes away, and on a signal" {
  start_judge
  kill "$JUDGE"
  wait "$JUDGE"
  session-detect --verify none < <(while access 1 ann 203.0.113.7; do :; done) | true
  [[ ${PIPESTATUS[0]} -eq 0 ]]
}

# SPDX-License-Identifier: MIT
# session-detect --state: the same log gives the same verdicts, however it is fed and whatever ends the program.
bats_require_minimum_version 1.5.0
load ../helpers

setup() { cd "$BATS_TEST_TMPDIR"; }

# make_log LINES SEED: a few people at a few places, clocks that step, names that are hard to write.
make_log() {
  awk -v lines="$1" -v seed="$2" 'BEGIN {
    srand(seed)
    split("ann|eve \\\"x\\\" [y]|\303\251 \\n|dan@example.com|bob", names, "|")
    at = 43200
    for (i = 0; i < lines; i++) {
      at += rand() * 2; if (rand() < 0.01) at -= 100 * rand()
      address = rand() < 0.7 ? "203.0.113." int(1 + rand() * 5) : "2001:db8:" int(rand() * 2) "::" int(1 + rand() * 9)
      printf "{\"type\":\"access\",\"time\":\"2026-06-01T%02d:%02d:%02d.%06dZ\",\"user\":\"%s\",\"ip\":\"%s\",\"port\":%d,\"status\":\"accepted\",\"host\":\"192.0.2.%d\",\"dport\":6881}\n",
        at / 3600, int(at / 60) % 60, int(at) % 60, i, names[1 + int(rand() * 5)], address, 1024 + i % 60000, rand() * 20
    } }'
}

POLICY=(--verify none --node n --escalate 2:1h --confirm 2 --shared-limit 4 --torrent-rate 8/20s)
judge() { session-detect "${POLICY[@]}" "$@"; }

# start [LINES...]: judges what is written to descriptor FEED; what it says goes to the end of `said`.
start() {
  [[ -p in ]] || mkfifo in
  exec {FEED}<>in
  spawn session-detect "${POLICY[@]}" --state state <in >>said
}
# Returns when all lines before are judged and recorded: a record is made before more is read.
mark() {
  local part
  for part in a b; do
    echo "{\"type\":\"mark\",\"number\":\"$1$part\"}" >&"$FEED"
    wait_for_line said "\"mark\",\"number\":\"$1$part\"}"
  done
}

@test "a log gives the same verdicts at full speed, line by line, and in halves around a restart" {
  make_log 3000 7 >log
  judge <log >whole
  has_lines whole '"type":"ban"' 10
  has_lines whole '"rule":"torrent"' 1
  has_lines whole '"action":"spared"' 1
  : >said && start
  for ((line = 1; line <= 200; line++)); do
    sed -n "${line}p" log >&"$FEED"
    mark "$line"
  done
  kill "$SPAWNED" && wait "$SPAWNED"
  tail -n +201 log | judge --state state >>said
  grep -v '"mark"' said | cmp whole -
  for cut in 1 1000 1777 2999; do
    rm -f state
    { head -n "$cut" log | judge --state state
      tail -n +$((cut + 1)) log | judge --state state; } >halves
    cmp whole halves
  done
}

@test "kill -9 at any moment loses nothing that was judged" {
  for seed in 1 2 3 4 5 6; do
    make_log 900 "$seed" >log
    judge <log >whole
    rm -f state said
    : >said
    at=1
    while [[ $at -le 900 ]]; do
      start
      count=$((1 + (at * 7919 + seed * 104729) % 250))
      tail -n +"$at" log | head -n "$count" >&"$FEED"
      at=$((at + count))
      mark "$at"
      kill -9 "$SPAWNED"
      wait_gone "$SPAWNED"
      exec {FEED}>&-
    done
    grep -v '"mark"' said | cmp whole -
  done
}

# killed_at CALL STEP: the log, waiting in a pipe, is judged by one that is killed on entering its STEP-th CALL, and
# by another after it. False when there was no such call. A leak check would trace the program too, which fails.
killed_at() {
  local feed left rc=0
  rm -f state said in
  mkfifo in
  exec {feed}<>in {left}<in
  cat log >&"$feed"
  exec {feed}>&-
  ASAN_OPTIONS=detect_leaks=0 strace -fqqo /dev/null -e "trace=$1" -e "inject=$1:signal=KILL:when=$2" \
    session-detect "${POLICY[@]}" --state state <&"$left" >>said 2>err || rc=$?
  judge --state state <&"$left" >>said 2>>err
  exec {left}<&-
  [[ $rc -eq 137 ]]
}

@test "kill -9 between any two steps gives no verdict twice that is not the same" {
  needs strace
  make_log 150 1 >log
  judge <log >whole
  has_lines whole '"type":"ban"' 2
  local call step
  for call in tee read write fsync rename; do
    step=1
    while killed_at "$call" "$step"; do
      awk '!seen[$0]++' said | diff whole - || { echo "killed at $call $step"; return 1; }
      step=$((step + 1))
    done
    awk '!seen[$0]++' said | diff whole -
    [[ $step -gt 1 ]]
  done
}

@test "the same lines sent once more are judged" {
  make_log 150 3 >log
  # shellcheck disable=SC2002  # a pipe is meant
  cat log | judge --pass access --state state >said
  # shellcheck disable=SC2002
  cat log | judge --pass access --state state >said
  [ "$(grep -c '"type":"access"' said)" -eq 150 ]
}

@test "a verdict that nobody was there to read is given again" {
  make_log 150 1 >log
  judge <log >whole
  mkfifo in out
  local feed left reader writer
  exec {feed}<>in {left}<in {reader}<>out {writer}>out
  cat log >&"$feed"
  exec {feed}>&- {reader}<&-
  judge --state state <&"$left" >&"$writer"
  exec {writer}>&-
  judge --state state <&"$left" | cmp whole -
}

@test "one process may use a state" {
  : >said && start
  mark 1
  run -75 session-detect --verify none --state state </dev/null
  [[ $output == "session-detect: 'state' is in use by another process" ]]
}

@test "what was torn at the end of a state is told and left out, what is broken is refused" {
  make_log 100 1 | judge --state state >/dev/null
  make_log 100 2 | judge --state state >/dev/null
  cp state good
  head -c -30 good >state
  run --separate-stderr judge --state state </dev/null
  [[ $stderr == "session-detect: state 'state': torn when last written, the last "*" bytes left out" ]]
  judge --state state </dev/null 2>err
  [[ ! -s err ]]
  head -c 40 good >state
  run -65 judge --state state </dev/null
  [[ $output == "session-detect: state 'state': its end is missing; remove it to begin anew" ]]
  sed '3s/time/tide/' good >state
  run -65 judge --state state </dev/null
  [[ $output == "session-detect: state 'state': line 3: 'time' is not an RFC 3339 time; remove it to begin anew" ]]
  cmp <(sed '3s/time/tide/' good) state
}

@test "an empty state is one that remembers nobody" {
  : >state
  make_log 100 1 | judge --state state >whole
  make_log 100 1 | judge >also
  cmp whole also
  [[ -s state ]]
}

@test "a ban that did not get out is said again" {
  two_places() { printf '{"type":"access","time":"2026-06-01T12:00:%02d.0Z","user":"ann","ip":"%s","port":1,"status":"accepted"}\n' 1 203.0.113.7 2 198.51.100.4 3 203.0.113.7; }
  local rc=0
  two_places | session-detect --verify none --state state >/dev/full || rc=$?
  [[ $rc -eq 74 ]]
  two_places | session-detect --verify none --state state >again
  grep -q '"type":"ban"' again
}

@test "a state that has no room is told, does not stop the judging, and is whole again at the end" {
  make_log 2000 5 >log
  judge <log >whole
  mkfifo in
  exec {FEED}<>in
  mkfifo out
  spawn bash -c 'cat <out >said'
  # A file of at most 64 KiB, in place of a full disk.
  spawn bash -c 'ulimit -Sf 64; trap "" XFSZ; exec session-detect "$@"' judge "${POLICY[@]}" --state state <in >out 2>err
  head -n 1000 log >&"$FEED"
  mark 1
  wait_for_line err "save the state, going on without: write 'state': File too large"
  prlimit --fsize=unlimited --pid "$SPAWNED"
  kill "$SPAWNED" && wait "$SPAWNED"
  tail -n +1001 log | judge --state state >>said
  grep -v '"mark"' said | cmp whole -
  [[ $(echo state*) == 'state state.lock' ]]
}

@test "a state is written anew when it has grown, while it is used" {
  make_log 20000 3 >log
  : >said && start
  inode=$(wait_until test -e state && stat -c %i state)
  grown() {
    cat log >&"$FEED"
    [[ $(stat -c %i state) != "$inode" ]]
  }
  wait_until grown
  kill "$SPAWNED" && wait "$SPAWNED"
  [[ $(grep -c whole\":1 state) -eq 1 ]]
  judge --state state </dev/null
}

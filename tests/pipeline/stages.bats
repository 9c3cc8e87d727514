# SPDX-License-Identifier: MIT
# The four programs as one pipeline in a shell: what comes out, and what happens when one of them dies.

load ../helpers

STAGES=(xlog-tail session-detect ipban sockkill)

setup() {
  needs_netns
  LOG=$BATS_TEST_TMPDIR/access.log
  EVENTS=$BATS_TEST_TMPDIR/events
  COMPLAINTS=$BATS_TEST_TMPDIR/complaints
  : >"$LOG"
}
# The shell that joined them may be gone before its stages are.
teardown() {
  local stage
  for stage in "${STAGES[@]}"; do
    if [[ -f $BATS_TEST_TMPDIR/$stage ]] && program_is "$stage"; then
      kill "$(pid_of "$stage")" || :
      wait_gone "$(pid_of "$stage")"
    fi
  done
  cleanup
}

# Each stage tells its process id before it becomes the program.
start_pipeline() {  # [OPTION OF session-detect]...
  # shellcheck disable=SC2016  # for the inner shell
  spawn unshare -n bash -c '
    ip link set lo up
    log=$1 pids=$2
    shift 2
    stage() { echo "$BASHPID" >"$pids/$1"; exec "$@"; }
    stage xlog-tail --timezone UTC --from start "$log" | stage session-detect "$@" |
      stage ipban apply | stage sockkill apply' pipeline "$LOG" "$BATS_TEST_TMPDIR" "$@" >"$EVENTS" 2>"$COMPLAINTS"
  PIPELINE=$SPAWNED
  local stage
  for stage in "${STAGES[@]}"; do wait_until program_is "$stage"; done
}
program_is() { [[ $(readlink "/proc/$(<"$BATS_TEST_TMPDIR/$1")/exe") = */bin/$1 ]]; }
pid_of() { echo "$(<"$BATS_TEST_TMPDIR/$1")"; }

access() {  # SECOND USER ADDRESS
  printf '2026/06/01 12:00:%02d.000000 from %s:4000 accepted tcp:www.example.com:443 [in >> out] email: %s\n' "$1" "$3" "$2"
}
share() { access 1 "$1" "$2"; access 2 "$1" "$3"; access 3 "$1" "$2"; }

@test "a shared account comes out as violation, banned and killed, in this order" {
  start_pipeline --verify none
  share ann 203.0.113.7 203.0.113.8 >>"$LOG"
  wait_for_line "$EVENTS" '"type":"killed"'
  [ "$(sed -E 's/^\{"type":"([a-z]*)".*/\1/' "$EVENTS" | paste -sd' ')" = "violation banned killed" ]
  [ "$(grep -c '"target":"203.0.113.8"' "$EVENTS")" -eq 2 ]
  [ ! -s "$COMPLAINTS" ]
}

@test "a forged line that names an address without a socket here bans nobody" {
  start_pipeline
  share ann 203.0.113.7 203.0.113.8 >>"$LOG"
  kill "$(pid_of xlog-tail)"
  wait_gone "$PIPELINE"
  ! grep -E '"type":"(ban|banned|killed)"' "$EVENTS"
}

@test "loopback and prefixes that are too wide are refused, whoever asks" {
  local target
  for target in 127.0.0.1 ::1 0.0.0.0/0 ::/0 203.0.0.0/8; do
    printf '{"type":"ban","time":"2026-06-01T12:00:00.000000Z","id":"01971fa0-0000-7000-8000-000000000001","origin":"a/b","target":"%s","seconds":60}\n' "$target"
  done | in_fresh_netns bash -c 'ipban apply | sockkill apply' >"$EVENTS"
  [ "$(grep -c '^{"type":"refused"' "$EVENTS")" -eq 5 ]
  [ "$(wc -l <"$EVENTS")" -eq 5 ]
}

@test "when a stage is killed with signal 9, the others end by themselves" {
  local victim stage
  for victim in "${STAGES[@]}"; do
    start_pipeline --verify none
    share "of-$victim" 203.0.113.7 203.0.113.8 >>"$LOG"
    wait_for_line "$EVENTS" '"type":"killed"'
    kill -9 "$(pid_of "$victim")"
    for stage in "${STAGES[@]}"; do
      wait_gone "$(pid_of "$stage")" || { echo "$stage lives on after $victim was killed"; return 1; }
    done
    wait_gone "$PIPELINE"
    : >"$LOG"
    : >"$EVENTS"
  done
}

@test "a reader that goes away ends all four quietly" {
  local stage
  start_pipeline --verify none
  kill -9 "$(pid_of sockkill)"
  for stage in xlog-tail session-detect ipban; do wait_gone "$(pid_of "$stage")"; done
  ! grep -E '^(xlog-tail|session-detect|ipban):' "$COMPLAINTS"
}

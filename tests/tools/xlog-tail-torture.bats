# SPDX-License-Identifier: MIT
# A steady writer of numbered lines that rotates its log every few of them, and a reader that is killed and started
# again meanwhile: nothing may be lost, nothing may come twice.
load ../helpers

LINES_WRITTEN=1500

setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() { cleanup; }

# write_lines ROTATE: u1 to uN into $LOG, ROTATE called after every hundred or so.
write_lines() {
  local n
  exec 8>>"$LOG"
  for ((n = 1; n <= LINES_WRITTEN; n++)); do
    printf '2026/06/01 12:00:00.%06d from 203.0.113.7:1 accepted tcp:a.example:443 [in -> out] email: u%d\n' "$n" "$n" >&8
    ((n % (60 + n % 80))) || "$1"
  done
  touch written
}
shift_names() {
  local i
  for i in 8 7 6 5 4 3 2 1; do [[ ! -e $LOG.$i ]] || mv "$LOG.$i" "$LOG.$((i + 1))"; done
}
by_rename() {
  shift_names
  mv "$LOG" "$LOG.1"
  printf '2026/06/01 12:00:01 [Warning] core: still the renamed file\n' >&8
  exec 8>>"$LOG"
}
by_copytruncate() {
  shift_names
  cp "$LOG" "$LOG.1"
  : >"$LOG"
}
by_s6_log() {
  local name
  name=$(printf '@40000000%016x.s' "$RANDOM$RANDOM")
  mv "$LOG" "$name"
  exec 8>>"$LOG"
  rm "$name"
}

read_log() { spawn xlog-tail --checkpoint place "$LOG" >>out; }
users() { grep -o '"user":"u[0-9]*"' out; }
# more_than COUNT: so many lines have come out, or no more will be written.
more_than() { [[ -e written || $(users | wc -l) -gt $1 ]]; }
all_came() { [[ $(users | sort -u | wc -l) -eq $LINES_WRITTEN ]]; }
each_once() { diff <(seq "$LINES_WRITTEN" | sed 's/.*/"user":"u&"/' | sort) <(users | sort); }

# A reader that is killed now and then until everything was written.
read_with_kills() {
  local seen
  while [[ ! -e written ]]; do
    seen=$(users | wc -l)
    wait_until more_than $((seen + 150))
    kill -9 "$READER"
    wait "$READER" || :
    read_log
    READER=$SPAWNED
  done
}

torture() {  # ROTATE
  : >"$LOG"
  : >out
  read_log
  READER=$SPAWNED
  wait_until test -s place
  spawn write_lines "$1"
  [[ ${KILLS:-yes} = no ]] || read_with_kills
  wait_until all_came
  each_once
}

@test "rotation by rename, with a reader that is killed: no line lost, none doubled" {
  LOG=access.log
  torture by_rename
}

@test "rotation by copytruncate, with a reader that is killed: no line lost, none doubled" {
  LOG=access.log
  torture by_copytruncate
}

@test "s6-log that deletes what it rotated: no line lost, none doubled" {
  LOG=current
  KILLS=no torture by_s6_log
}

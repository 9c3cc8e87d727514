# SPDX-License-Identifier: MIT
# xlog-tail: lines to events, where from and how far.
bats_require_minimum_version 1.5.0
load ../helpers
load following

@test "every recorded case still reads the same" { run_cases xlog-tail; }

@test "what is appended comes out, what was there before does not" {
  line 1
  follow "$LOG"
  line 2
  got 2
  stop
  [ "$(grep -c '"user":"u1"' "$OUT")" -eq 0 ]
}

@test "--from start reads what was there too" {
  lines 1 3
  follow --from start "$LOG"
  got 3
  line 4
  got 4
  every_line_once 4
}

@test "a half line waits for its rest" {
  line 1
  follow --from start "$LOG"
  got 1
  printf '2026/06/01 12:00:00 from 203.0.113.7:1 accepted tcp:a.example:443 [in -> out] email: u' >>"$LOG"
  line 9 other.log
  printf '2\n' >>"$LOG"
  got 2
  every_line_once 2
}

@test "a half line that nobody will finish is accounted for at the end" {
  follow --from start "$LOG"
  line 1
  got 1
  # With a whole line in one write: who has read the one has read the other.
  line 2 part
  printf '2026/06/01 12:00:00 from 203.0.113.7:1 acce' >>part
  cat part >>"$LOG"
  got 2
  stop
  grep -q '"kind":"cut","lines":1' "$OUT"
}

@test "a FIFO is read, also after its writer has gone" {
  mkfifo pipe
  spawn xlog-tail --node n1 pipe >"$OUT"
  line 1 pipe
  got 1
  line 2 pipe
  got 2
  stop
}

@test "the end of stdin is the end, also with a file that is followed by nobody" {
  line 1
  run xlog-tail --node n1 - <"$LOG"
  [ "$status" -eq 0 ]
  [[ "$output" = *'"user":"u1"'* ]]
}

@test "a log that must not be read is exit code 77" {
  needs_root
  needs setpriv
  line 1
  chmod 600 "$LOG"
  chmod 755 "$BATS_TEST_TMPDIR"
  run setpriv --reuid 65534 --regid 65534 --clear-groups "$(command -v xlog-tail)" "$PWD/$LOG"
  [ "$status" -eq 77 ]
  [[ "$output" = *"Permission denied" ]]
}

@test "when the reader goes away it ends quietly, also while idle" {
  line 1
  mkfifo pipe
  spawn bash -c 'exec xlog-tail --from start "$1" >pipe 2>err' follow "$LOG"
  head -n 1 pipe
  wait "$SPAWNED"
  [ ! -s err ]
}

@test "a stop signal brings the account of what was not read" {
  echo noise >"$LOG"
  follow --from start "$LOG"
  wait_for_line "$OUT" '"kind":"foreign","lines":1,"sample":"noise"'
  echo more >>"$LOG"
  line 1
  got 1
  stop
  [ "$(grep -c '"kind":"foreign"' "$OUT")" -eq 2 ]
}

@test "a wrong option is told in one line" {
  run xlog-tail --from middle
  [ "$status" -eq 64 ]
  [ "${#lines[@]}" -eq 1 ]
}

@test "with a checkpoint nothing is lost or doubled over kill -9 and rotation while stopped" {
  lines 1 3
  follow --checkpoint place --from start "$LOG"
  got 3
  kill -9 "$SPAWNED"
  wait "$SPAWNED" || :
  line 4
  mv "$LOG" "$LOG.1"
  lines 5 6
  mv "$LOG.1" "$LOG.2"
  mv "$LOG" "$LOG.1"
  line 7
  mv "$OUT" before
  follow --checkpoint place "$LOG"
  got 7
  cat before >>"$OUT"
  every_line_once 7
}

@test "a checkpoint has one reader at a time, and what is none is refused" {
  line 1
  follow --checkpoint place "$LOG"
  run xlog-tail --checkpoint place "$LOG"
  [ "$status" -eq 75 ]
  stop
  echo something else >place
  run xlog-tail --checkpoint place "$LOG"
  [ "$status" -eq 65 ]
  [ "$output" = "xlog-tail: read 'place': not a checkpoint" ]
}

@test "a checkpoint keeps the place in a log that is not asked for this time" {
  lines 1 5
  line 6 other.log
  run -0 xlog-tail --no-follow --checkpoint place "$LOG" other.log
  run -0 xlog-tail --no-follow --checkpoint place "$LOG"
  line 7 other.log
  run -0 xlog-tail --no-follow --checkpoint place "$LOG" other.log
  [[ ${#lines[@]} -eq 1 && $output = *'"user":"u7"'* ]] || { echo "$output"; false; }
}

@test "the place in a log that was rotated away and is not asked for is kept too" {
  line 1
  line 2 other.log
  run -0 xlog-tail --no-follow --checkpoint place "$LOG" other.log
  line 3 other.log
  mv other.log other.log.1
  run -0 xlog-tail --no-follow --checkpoint place "$LOG"
  : >other.log
  run -0 xlog-tail --no-follow --checkpoint place "$LOG" other.log
  [[ ${#lines[@]} -eq 1 && $output = *'"user":"u3"'* ]] || { echo "$output"; false; }
}

@test "of more than 100 logs that are not asked for the places are dropped, and that is told" {
  local others=() number
  line 1
  for number in {1..102}; do others+=("other$number.log"); done
  touch "${others[@]}"
  run -0 xlog-tail --no-follow --checkpoint place "$LOG" "${others[@]}"
  run -0 xlog-tail --no-follow --checkpoint place "$LOG"
  [[ $output = "xlog-tail: places in more than 100 logs that are not asked for: 2 dropped" ]]
  run -0 xlog-tail --no-follow --checkpoint place "$LOG"
  [[ -z $output ]]
}

@test "what cannot be read is told, and is no success" {
  run -71 xlog-tail --no-follow /proc/self/mem
  [[ $output = "xlog-tail: read '/proc/self/mem': Input/output error" ]]
}

@test "an empty value of an option is refused" {
  local option
  for option in --explain --checkpoint --timezone --metrics --config --node; do
    run -64 xlog-tail "$option" '' --no-follow /dev/null
    [[ $output = "xlog-tail: $option: needs a value, not an empty text" ]]
    run -64 xlog-tail "$option=" --no-follow /dev/null
    [[ $output = "xlog-tail: $option: needs a value, not an empty text" ]]
  done
}

@test "a command's output is read, and it is started again when it ends" {
  line 1 one.log
  # shellcheck disable=SC2016  # for the inner shell
  follow --command bash -c 'cat one.log; echo more >>runs; [ "$(wc -l <runs)" -lt 2 ] || exec tail -f /dev/null'
  wait_for_line "$OUT" '"user":"u1"' 2
  grep -q "ended with exit code 0, starting it again in 1 s" err
  stop
}

@test "a command that can no longer be run is tried less and less often" {
  line 1 one.log
  printf '#!/bin/bash\ncat one.log\nrm "$0"\n' >once
  chmod +x once
  cp once kept
  follow --command ./once
  wait_for_line err "xlog-tail: run './once': No such file or directory, starting it again in 2 s"
  mv kept once
  wait_for_line "$OUT" '"user":"u1"' 2
  stop
}

@test "a command gives signals their usual meaning, and ends with its reader" {
  # shellcheck disable=SC2016  # for the inner shell
  follow --command bash -c 'echo $$ >child; exec tail -f /dev/null'
  wait_until test -s child
  kill -9 "$SPAWNED"
  wait_gone "$(cat child)"
}

@test "a command that cannot be run, or fails, is told" {
  run xlog-tail --command no-such-program --here
  [ "$status" -eq 69 ]
  [ "$output" = "xlog-tail: run 'no-such-program': No such file or directory" ]
  line 1 one.log
  run xlog-tail --no-follow --command bash -c 'cat one.log; exit 3'
  [ "$status" -eq 69 ]
  [[ "${lines[0]}" = *'"user":"u1"'* ]]
  [[ "${lines[1]}" = *"ended with exit code 3" ]]
}

@test "a command that closes its stdout and lives on is ended" {
  # shellcheck disable=SC2016  # for the inner shell
  spawn xlog-tail --no-follow --command bash -c 'trap "" TERM; echo $$ >child; exec >/dev/null; exec tail -f /dev/null' 2>err
  wait_gone "$SPAWNED"
  grep -q "ended with signal 9" err
  is_gone "$(cat child)"
}

@test "a stop is heard although nobody reads what is written" {
  lines 1 50
  for _ in $(seq 8); do cat "$LOG" "$LOG" >more && mv more "$LOG"; done
  mkfifo pipe
  exec 9<>pipe
  spawn xlog-tail --no-follow "$LOG" >pipe 2>err
  wait_until reads_signals "$SPAWNED"
  kill "$SPAWNED"
  wait_gone "$SPAWNED"
  exec 9>&-
  [ "$(cat err)" = "xlog-tail: write: the reader takes nothing" ]
}

@test "with a checkpoint and --no-follow a half line is left for the next run" {
  line 1
  printf '2026/06/01 12:00:00 from 203.0.113.7:1 accepted tcp:a.example:443 [in -> out] email: u' >>"$LOG"
  xlog-tail --no-follow --checkpoint place "$LOG" >"$OUT"
  printf '2\n' >>"$LOG"
  xlog-tail --no-follow --checkpoint place "$LOG" >>"$OUT"
  every_line_once 2
  [ "$(grep -c '"kind"' "$OUT")" -eq 0 ]
}

@test "--metrics keeps what was read, and what was not, as text for Prometheus" {
  lines 1 3
  echo noise >>"$LOG"
  follow --metrics counters.prom --from start "$LOG"
  got 3
  grep -q '^xlimit_xlog_tail_files 1$' counters.prom
  line 4
  got 4
  stop
  grep -q '^xlimit_xlog_tail_lines_total{file="access.log"} 5$' counters.prom
  grep -q '^xlimit_xlog_tail_events_total{file="access.log"} 4$' counters.prom
  grep -q '^xlimit_xlog_tail_other_lines_total{file="access.log",kind="foreign"} 1$' counters.prom
  grep -q '^xlimit_xlog_tail_missed_bytes_total{file="access.log",kind="lost"} 0$' counters.prom
  [ "$(grep -c '^# TYPE' counters.prom)" -eq 6 ]
  [ "$(stat -c %a counters.prom)" = 644 ]
}

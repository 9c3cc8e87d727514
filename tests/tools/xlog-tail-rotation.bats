# SPDX-License-Identifier: MIT
# xlog-tail: following through every kind of rotation.
load ../helpers
load following

@test "half a line at the end of a copy is no record" {
  line 1
  follow --checkpoint place --from start "$LOG"
  got 1
  printf '2026/06/01 12:00:00 from 203.0.113.7:1 accepted tcp:a.example:443 [in -> out] email: us' >>"$LOG"
  wait_until seen "$(stat -c %s "$LOG")"
  cp "$LOG" "$LOG.1"
  : >"$LOG"
  echo er4 >>"$LOG"
  line 2
  got 2
  wait_for_line "$OUT" '"kind":"cut","lines":1,"sample":"2026/06/01 12:00:00 from'
  stop
  every_line_once 2
  [ "$(grep -c '"user":"us' "$OUT")" -eq 0 ]
}

@test "a renamed log is read on beside the new one" {
  line 1
  follow --from start "$LOG"
  got 1
  mv "$LOG" "$LOG.1"
  line 2 "$LOG.1"
  got 2
  line 3
  got 3
  line 4 "$LOG.1"
  got 4
  every_line_once 4
}

@test "generations that came and went between two looks are read" {
  line 1
  follow --from start "$LOG"
  got 1
  kill -STOP "$SPAWNED"
  mv "$LOG" "$LOG.1"
  lines 2 3
  mv "$LOG.1" "$LOG.2"
  mv "$LOG" "$LOG.1"
  line 4
  mv "$LOG.2" "$LOG.3"
  mv "$LOG.1" "$LOG.2"
  mv "$LOG" "$LOG.1"
  line 5
  kill -CONT "$SPAWNED"
  got 5
  every_line_once 5
  [ "$(sed -n 's/.*"user":"u\([^"]*\)".*/\1/p' "$OUT" | tr -d '\n')" = 12345 ]
}

@test "a log cut short in place is read from its new beginning, and the copy that was made is finished" {
  lines 1 3
  follow --from start "$LOG"
  got 3
  kill -STOP "$SPAWNED"
  lines 4 6
  cp "$LOG" "$LOG.1"
  : >"$LOG"
  lines 7 12
  kill -CONT "$SPAWNED"
  got 12
  every_line_once 12
  stop
  grep -q '"kind":"truncated","bytes":0' "$OUT"
}

@test "bytes that were cut off unread are told" {
  lines 1 3
  follow --checkpoint place --from start "$LOG"
  got 3
  printf 'a half line' >>"$LOG"
  wait_until seen "$(stat -c %s "$LOG")"
  : >"$LOG"
  line 4
  got 4
  stop
  grep -q '"type":"source".*"kind":"truncated","bytes":11' "$OUT"
}
# seen SIZE: the log has been read so far, by the checkpoint of the moment.
seen() { grep -aqE "^open ([0-9a-f]+ ){6}$1 " place.now; }

@test "s6-log's current is read to its end after it was renamed and deleted" {
  LOG=current
  line 1
  follow --from start "$LOG"
  got 1
  kill -STOP "$SPAWNED"
  line 2
  mv current @4000000069a1b2c30a1b2c3d.s
  line 3
  rm @4000000069a1b2c30a1b2c3d.s
  kill -CONT "$SPAWNED"
  got 3
  every_line_once 3
}

@test "a rotated file that cannot be opened is told, and read when it can be" {
  needs_root
  needs setpriv
  line 1
  spawn setpriv --bounding-set=-dac_override,-dac_read_search xlog-tail --from start "$LOG" >"$OUT" 2>err
  got 1
  kill -STOP "$SPAWNED"
  mv "$LOG" "$LOG.2"
  line 2
  mv "$LOG" "$LOG.1"
  chmod 000 "$LOG.1"
  line 3
  kill -CONT "$SPAWNED"
  got 3
  wait_for_line err "access.log.1': Permission denied"
  chmod 644 "$LOG.1"
  got 2
  line 4
  got 4
  every_line_once 4
  [ "$(wc -l <err)" -eq 1 ]
}

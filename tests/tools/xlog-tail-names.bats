# SPDX-License-Identifier: MIT
# xlog-tail: which files names, links and patterns lead to.
load ../helpers
load following

@test "a log that is not there yet is waited for, and read from its start" {
  follow "$LOG"
  grep -q "'access.log' is not there yet, waiting for it" err
  lines 1 2
  got 2
  every_line_once 2
}

@test "a symbolic link that is turned to another file is followed" {
  line 1 first.log
  ln -s first.log "$LOG"
  follow --from start "$LOG"
  got 1
  line 2 second.log
  ln -sfn second.log "$LOG"
  got 2
  line 3 first.log
  got 3
  every_line_once 3
}

@test "a pattern is followed for new files too, and rotated ones are not logs of their own" {
  line 1 a.log
  line 2 a.log.1
  follow --from start '*.log*'
  got 1
  line 3 b.log
  got 3
  [ "$(grep -c '"user":"u2"' "$OUT")" -eq 0 ]
}

@test "what looks rotated and was there before its log is read once" {
  mkdir d
  line 1 d/access.log.1
  follow --from start 'd/*.log' d/access.log.1
  got 1
  line 2 d/access.log
  got 2
  line 3 d/access.log.1
  got 3
  every_line_once 3
}

@test "a log that appeared under a pattern while nobody read is read from its start" {
  line 1 a.log
  xlog-tail --no-follow --checkpoint place '*.log' >"$OUT"
  line 2 a.log
  line 3 b.log
  mv "$OUT" before
  follow --checkpoint place '*.log'
  got 3
  line 4 b.log
  got 4
  cat before >>"$OUT"
  every_line_once 4
}

@test "a log that appears under a pattern and is rotated at once is read from its first file" {
  line 1 a.log
  line 9 c.log.1
  follow --checkpoint place --from start '*.log'
  got 1
  kill -STOP "$SPAWNED"
  line 2 c.log
  mv c.log c.log.1
  line 3 c.log
  kill -CONT "$SPAWNED"
  got 3
  line 4 d.log
  got 4
  mv d.log d.log.1
  line 5 d.log
  got 5
  stop
  line 6 e.log
  mv e.log e.log.1
  line 7 e.log
  mv "$OUT" before
  xlog-tail --checkpoint place --no-follow '*.log' >"$OUT"
  cat before >>"$OUT"
  every_line_once 7
}

@test "a log that is renamed to another name of its pattern comes once, live, after a kill and after a stop" {
  local name
  for name in b.log 20260601-access.log access-20260601.log; do
    rm -f -- *.log* place*
    line 1
    follow --checkpoint place --from start '*.log'
    got 1
    mv access.log $name
    line 2 $name
    got 2
    line 3
    got 3
    line 4 $name
    got 4
    kill -9 "$SPAWNED"
    wait "$SPAWNED" || true
    line 5 $name
    mv "$OUT" before
    follow --checkpoint place '*.log'
    got 5
    line 6
    line 7 $name
    got 6
    got 7
    stop
    mv access.log access-old.log
    line 8 access-old.log
    line 9
    cat before >>"$OUT"
    xlog-tail --checkpoint place --no-follow '*.log' >>"$OUT"
    every_line_once 9
    [ "$(grep -c '"type":"source"' "$OUT")" -eq 0 ]
  done
}

@test "a log that was asked for by name and is gone does not fail a pattern" {
  local pattern
  for pattern in '*.log' '[ab].log'; do
    rm -f -- *.log place
    line 1 a.log
    line 2 b.log
    xlog-tail --no-follow --checkpoint place a.log b.log >"$OUT"
    rm b.log
    line 3 a.log
    run -69 xlog-tail --no-follow --checkpoint place a.log b.log
    run -69 xlog-tail --no-follow --checkpoint place "$pattern" b.log
    run -69 xlog-tail --no-follow --checkpoint place b.log "$pattern"
    xlog-tail --no-follow --checkpoint place "$pattern" >>"$OUT"
    every_line_once 3
  done
}

@test "nor does a rotated file that was asked for by name" {
  line 1 a.log.1
  xlog-tail --no-follow --checkpoint place a.log.1 >"$OUT"
  rm a.log.1
  line 2 a.log
  run -69 xlog-tail --no-follow --checkpoint place a.log a.log.1
  xlog-tail --no-follow --checkpoint place 'a.log*' >>"$OUT"
  every_line_once 2
}

@test "a pattern that matches nothing yet is waited for" {
  follow '*.log'
  line 1 a.log
  got 1
  stop
}

@test "a file that matches and must not be read is skipped, and the others are followed on" {
  needs_root
  needs setpriv
  line 1 a.log
  spawn setpriv --bounding-set=-dac_override,-dac_read_search xlog-tail --from start '*.log' >"$OUT" 2>err
  got 1
  install -m 000 /dev/null new
  mv new b.log  # it is looked at as soon as it is there
  wait_for_line err "b.log': Permission denied, skipped"
  : >other
  line 2 a.log
  line 3 c.log
  got 2
  got 3
  chmod 644 b.log
  line 4 b.log
  got 4
  stop
}

@test "a file that several names lead to is read once" {
  lines 1 3
  mv "$LOG" a.log
  ln -s a.log b.log
  ln a.log c.log
  xlog-tail --no-follow './*.log' a.log "$PWD/a.log" b.log c.log >"$OUT"
  every_line_once 3
}

@test "a file that several names lead to is followed once, through rotation and restart" {
  line 1 a.log
  ln -s a.log b.log
  follow --checkpoint place --from start '*.log' "$PWD/a.log" b.log
  got 1
  mv a.log a.log.1
  line 2 a.log
  got 2
  stop
  line 3 a.log
  mv "$OUT" before
  follow --checkpoint place '*.log' "$PWD/a.log" b.log
  got 3
  line 4 a.log
  got 4
  cat before >>"$OUT"
  every_line_once 4
}

@test "a link that led to a followed file is followed when it is turned, and left when it leads to one again" {
  line 1 a.log
  line 2 c.log
  ln -s a.log link
  follow --from start a.log link c.log
  got 1
  got 2
  line 3 new
  ln -sfn new link
  got 3
  ln -sfn c.log link
  line 4 new
  got 4
  line 5 c.log
  got 5
  stop
  every_line_once 5
}

@test "what a turned link leads away from is followed on under its own name, and not read again" {
  line 1 a.log
  ln -s a.log link
  follow --from start link a.log
  got 1
  line 2 new
  ln -sfn new link
  got 2
  line 3 a.log
  got 3
  stop
  every_line_once 3
}

# rotate HOW: access-1.log holds what access.log held.
rotate() {
  [[ $1 = over || ! -e access-1.log ]] || mv access-1.log access-2.log
  if [[ $1 = rename ]]; then mv access.log access-1.log; else cp access.log access-1.log; fi
  : >access.log
}

@test "a rotated file that is asked for beside its log is read, and comes once however both are rotated" {
  local how names
  for how in rename copy over; do
    for names in "access.log access-1.log" "access-1.log access.log" "access-1.log access*.log"; do
      rm -f access* place*
      lines 1 2 access-1.log
      line 3
      # shellcheck disable=SC2086
      follow --checkpoint place --from start $names
      got 3
      line 4
      got 4
      rotate $how
      line 5
      got 5
      stop
      mv "$OUT" before
      rotate $how
      line 6
      # shellcheck disable=SC2086
      follow --checkpoint place $names
      got 6
      rotate $how
      line 7
      got 7
      stop
      cat before >>"$OUT"
      every_line_once 7
    done
  done
}

@test "of two logs that are written to, one is called as if rotation had made it of the other" {
  : >access.log
  : >access-2.log
  follow access-2.log access.log
  line 1 access-2.log
  line 2
  got 1
  got 2
  mv access-2.log access-2.log.1
  line 3 access-2.log
  got 3
  cp access-2.log access-2.log.1
  : >access-2.log
  mv access.log access.log.1
  lines 4 5 access-2.log
  line 6
  got 5
  got 6
  stop
  every_line_once 6
}

@test "a compressed log that is asked for by its name alone is unpacked" {
  lines 1 5
  gzip "$LOG"
  run xlog-tail --no-follow "$LOG.gz"
  [ "$status" -eq 0 ]
  [ "${#lines[@]}" -eq 5 ]
  echo no gzip >other.gz
  run xlog-tail --no-follow other.gz
  [ "$status" -eq 65 ]
  [[ $output = "xlog-tail: unpack 'other.gz': "* ]]
}

# SPDX-License-Identifier: MIT
# Every program whose stdout or stderr takes nothing: an exit code, never a crash. And stages whose stdin brings halves of lines.

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

@test "without a stdin no program ends as if it had read all of it" {
  local words
  for words in "xlog-tail -" "session-detect --verify none" "ipban apply --dry-run" "ipban load feed --dry-run" \
    "sockkill apply --dry-run" "blocklist-fetch merge"; do
    # shellcheck disable=SC2086
    run -71 timeout 10 bash -c '"$@" <&-' _ $words
    [[ ${#lines[@]} -eq 1 && $output = "${words%% *}: read '"*"': Bad file descriptor" ]]
  done
  ipban --version <&-
}

@test "a reader that left has seen what it wanted" {
  into_closed ipban --help
  [[ -z $stderr ]]
  into_closed xlog-tail --explain x
  [[ -z $stderr ]]
}

grown() { [[ $(stat -c %s got) -gt $1 ]] || ! kill -0 "$2"; }

@test "a stage that is killed leaves to the next what it had not finished, and no half line" {
  local writer stage round size
  cd "$BATS_TEST_TMPDIR"
  mkfifo in out
  exec 6<>in 7<>out
  spawn cat <&7 >got
  seq 30000 | awk '{ printf "{\"type\":\"access\",\"time\":\"2026-06-01T12:00:00.%06dZ\",\"user\":\"u%d\",\"ip\":\"203.0.113.1\",\"port\":1,\"status\":\"accepted\"}\n", $1, $1 }' >events
  # In pieces that end anywhere, as a writer of large blocks makes them.
  spawn dd if=events of=in bs=5000 status=none
  writer=$SPAWNED
  for round in {1..40}; do
    spawn session-detect --verify none --shared-limit 0 --pass access <in >out
    stage=$SPAWNED
    size=$(stat -c %s got)
    wait_until grown "$size" "$writer"
    kill -KILL "$stage"
    wait "$stage" || :
    kill -0 "$writer" || break
  done
  spawn session-detect --verify none --shared-limit 0 --pass access <in >out
  wait_until grep -q '"u30000"' got
  [[ $round -gt 1 ]]
  sort -u got | diff - <(sort events)
}

# A stage, its stdin a FIFO that the test holds open as $pipe.
stage() {  # COMMAND...
  mkfifo "$BATS_TEST_TMPDIR/in"
  exec {pipe}<>"$BATS_TEST_TMPDIR/in"
  # shellcheck disable=SC2016  # for the inner shell
  spawn bash -c 'eval "exec $2>&-"; exec "${@:3}" <"$1/in" >"$1/out"' _ "$BATS_TEST_TMPDIR" "$pipe" "$@"
}
waiting() {  # bytes in the pipe
  /usr/bin/python3 -c 'import array, fcntl, sys, termios
left = array.array("i", [0]); fcntl.ioctl(int(sys.argv[1]), termios.FIONREAD, left); print(left[0])' "$pipe"
}
all_is_read() { [[ $(waiting) = 0 ]]; }

@test "half a line in the pipe is looked at ever less often" {
  needs strace
  local trace=$BATS_TEST_TMPDIR/trace
  stage strace -o "$trace" -e trace=tee,timerfd_settime session-detect --verify none
  printf '{"half":' >&"$pipe"
  wait_for_line "$trace" 'tv_nsec=10000000' 3
  [ "$(sed '/tv_nsec=10000000/q' "$trace" | grep -c '^tee')" -lt 15 ]
  [ "$(waiting)" = 8 ]
  printf '1}\n' >&"$pipe"
  wait_for_line "$BATS_TEST_TMPDIR/out" '{"half":1}'
  wait_until all_is_read
  exec {pipe}>&-
}

@test "behind half a line more comes than the pipe holds, however small it is" {
  local size
  for size in 4096 8192 65536; do
    timeout "$DEADLINE" /usr/bin/python3 -c 'import fcntl, os, subprocess, sys
reader, writer = os.pipe()
fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, int(sys.argv[1]))
stage = subprocess.Popen(["session-detect", "--verify", "none"], stdin=reader, stderr=subprocess.DEVNULL)
os.close(reader)
line = b"{\"x\":\"" + 4100 * b"x" + b"\"}\n"
os.write(writer, line[:3000])
rest = line[3000:] + 400 * line
while rest: rest = rest[os.write(writer, rest):]
os.close(writer)
sys.exit(stage.wait())' "$size" >"$BATS_TEST_TMPDIR/out"
    [[ $(sort -u "$BATS_TEST_TMPDIR/out" | wc -l) = 1 && $(wc -l <"$BATS_TEST_TMPDIR/out") = 401 ]]
  done
}

@test "a stop in the middle of a line that is too long for an event waits for its rest" {
  local half
  printf -v half '%5000s' ''
  stage session-detect --verify none
  printf '%s' "${half// /x}" >&"$pipe"
  wait_until all_is_read
  kill "$SPAWNED"
  printf 'y\nz\n' >&"$pipe"
  wait_gone "$SPAWNED"
  [[ $(<"$BATS_TEST_TMPDIR/out") =~ ^x{5000}y$ && $(waiting) = 2 ]]
  exec {pipe}>&-
}

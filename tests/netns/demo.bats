# SPDX-License-Identifier: MIT
# The demo is a test that tells a story: it must end well, and leave nothing behind however it ends.

load ../helpers

setup() {
  needs_netns
  needs ip v2ray
  TMPDIR=$BATS_TEST_TMPDIR
  export TMPDIR
}

namespaces() { ip netns list | grep -c "^xlb$1-"; }
none_left() { [[ $(namespaces "$1") -eq 0 && -z $(find "$TMPDIR" -name 'xlimit-bed.*') ]]; }

@test "all of it happens" {
  spawn "$ROOT/tests/bed/demo" >"$TMPDIR/out" 2>&1
  wait "$SPAWNED" || { cat "$TMPDIR/out"; return 1; }
  grep -q 'All of it happened' "$TMPDIR/out"
  none_left "$SPAWNED"
}

@test "interrupted in the middle of a download, it leaves nothing and says 130" {
  local rc=0
  # A shell without job control lets its background programs ignore INT; setsid and exec cannot give it back, env can.
  spawn env --default-signal=INT "$ROOT/tests/bed/demo" >"$TMPDIR/out" 2>&1
  wait_for_line "$TMPDIR/out" 'boris +downloads'
  kill -INT "$SPAWNED"
  wait "$SPAWNED" || rc=$?
  [ "$rc" -eq 130 ]
  none_left "$SPAWNED"
}

@test "two beds side by side do not see each other" {
  local first second
  spawn env --default-signal=INT "$ROOT/tests/bed/demo" >"$TMPDIR/one" 2>&1
  first=$SPAWNED
  spawn env --default-signal=INT "$ROOT/tests/bed/demo" >"$TMPDIR/two" 2>&1
  second=$SPAWNED
  wait_for_line "$TMPDIR/one" 'opens a page every second'
  wait_for_line "$TMPDIR/two" 'opens a page every second'
  kill -TERM "$first"
  wait_until is_gone "$first"
  [ "$(namespaces "$first")" -eq 0 ]
  [ "$(namespaces "$second")" -eq 5 ]
  wait_for_line "$TMPDIR/two" 'sockkill +[0-9]+ sockets'
  kill -TERM "$second"
  wait_until is_gone "$second"
  none_left "$second"
}

# SPDX-License-Identifier: MIT
# The helpers themselves: a runner that cannot fail would make every golden case worthless.

load ../helpers

setup() {
  ROOT=$BATS_TEST_TMPDIR
  CASE=$ROOT/tests/cases/tool/case
  mkdir -p "$CASE"
  echo 'tr a-z A-Z; echo trouble >&2; exit 3' >"$CASE/cmd"
  echo hello >"$CASE/in"
}

record() {
  echo HELLO >"$CASE/out"
  echo trouble >"$CASE/err"
  echo 3 >"$CASE/rc"
}

@test "a case that gives what was recorded passes" {
  record
  run_cases tool
}

@test "a case that differs in output, complaint or exit code fails" {
  local part
  for part in out err rc; do
    record
    echo 4 >"$CASE/$part"
    if run_cases tool; then
      echo "a wrong $part passed"
      return 1
    fi
  done
}

@test "a missing expectation means empty and 0, not anything goes" {
  ! run_cases tool
}

@test "a tool without any case fails" {
  ! run_cases other
}

@test "UPDATE=1 records what came, and it then passes" {
  UPDATE=1 run_cases tool
  [ "$(<"$CASE/out")" = HELLO ]
  [ "$(<"$CASE/rc")" = 3 ]
  run_cases tool
}

@test "waiting ends with the condition, and fails at the deadline" {
  spawn bash -c "echo ready >'$ROOT/log'; exec tail -f /dev/null"
  : >>"$ROOT/log"
  wait_for_line "$ROOT/log" '^ready$'
  kill "$SPAWNED"
  wait_gone "$SPAWNED"
  DEADLINE=1
  ! wait_for_line "$ROOT/log" never
}

@test "a file without a teardown of its own leaves no namespace behind" {
  needs_netns
  needs ip
  # shellcheck disable=SC2016  # for the file that is made
  printf 'load "%s/../helpers"\n\x40test "one is made" { netns_add node; netns_name node >"%s"; }\n' \
    "$BATS_TEST_DIRNAME" "$BATS_TEST_TMPDIR/name" >"$BATS_TEST_TMPDIR/makes.bats"
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$HOME" bats --tap "$BATS_TEST_TMPDIR/makes.bats" 3>&-
  [ -s "$BATS_TEST_TMPDIR/name" ]
  [ ! -e "/run/netns/$(<"$BATS_TEST_TMPDIR/name")" ]
}

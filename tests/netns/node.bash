# SPDX-License-Identifier: MIT
# ipban in a namespace called node. Load it behind ../helpers; a file that needs more has a setup() of its own.

setup() {
  needs_netns
  needs ip ipset nft
}

node() { in_netns node "$@"; }

# spawn_in NAMESPACE COMMAND...: unlike with spawn in_netns the process that is ended is the command itself.
spawn_in() { spawn ip netns exec "$(netns_name "$1")" "${@:2}"; }

ban_line() { # TARGET SECONDS [MORE]
  echo "{\"type\":\"ban\",\"time\":\"2026-06-01T12:00:00.000000Z\",\"target\":\"$1\",\"seconds\":$2${3:-}}"
}

# start_apply OPTIONS...: fed by descriptor 4; its output is added to $OUT, what it says to $ERR; the process is $SPAWNED.
start_apply() {
  OUT=$BATS_TEST_TMPDIR/out ERR=$BATS_TEST_TMPDIR/err
  [[ -p $BATS_TEST_TMPDIR/in ]] || mkfifo "$BATS_TEST_TMPDIR/in"
  spawn_in node bash -c 'exec ipban apply "${@:1}" <"$0"' "$BATS_TEST_TMPDIR/in" "$@" >>"$OUT" 2>>"$ERR"
  exec 4>"$BATS_TEST_TMPDIR/in"
}

# What a reboot leaves of the kernel's sets and rules. The kernel lets go of a set when all readers of the rule have
# passed.
reboot() {
  node nft flush ruleset
  wait_until node ipset destroy
}

# SPDX-License-Identifier: MIT
# The whole pipeline, four processes, on real sockets: the offender is cut and banned, nobody else, and when the ban has
# run out nothing of the old is back. How long it took is printed and never judged.

load ../helpers

setup() {
  needs_netns
  needs ip pgrep
  source "$ROOT/tests/bed/bed.bash"
  source "$ROOT/tests/bench/latency.bash"
  bed_up
}
teardown() { [[ -z ${BED:-} ]] || bed_down; }

@test "overlap: the second place of an account dies in IPv4, IPv6 and on dual-stack sockets" {
  measure overlap 30 4 4 one
  measure overlap 15 4 4 all
}

@test "strict: the second place of an account dies with its first line" {
  measure strict 30 4 4 one
  measure strict 15 4 4 all
}

@test "all lines at once, and an ssh server with a client beside it: the same, and the client of ssh stays" {
  measure overlap 9 4 2 one --pause 0 --ssh
}

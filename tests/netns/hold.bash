# SPDX-License-Identifier: MIT
# A node with a listener for IPv4 and one for both families, and clients in another namespace whose sockets one
# process holds, so that a test can say which are open and ask what became of them. Load it behind ../helpers.

# hold_up MORE: MORE are further addresses of the clients.
hold_up() {
  netns_add node clients
  netns_join node "192.0.2.1/24 2001:db8::1/64" clients \
    "192.0.2.2/24 203.0.113.7/32 203.0.113.8/32 2001:db8::2/64 2001:db8:7::7/128 2001:db8:8::8/128 ${1:-}"
  in_netns node ip route add 203.0.113.0/24 via 192.0.2.2
  in_netns node ip route add 2001:db8:7::/64 via 2001:db8::2
  in_netns node ip route add 2001:db8:8::/64 via 2001:db8::2
  coproc HOLD { in_netns node "$BUILD/tests/bin/hold" "$(netns_name clients)" 3>&-; }
  echo "$HOLD_PID" >>"$BATS_TEST_TMPDIR/spawned"
  hold listen 0.0.0.0 80
  hold listen :: 443
}

# hold COMMAND...: fails when the holder of the sockets says so; its answer is in $answer.
hold() {
  echo "$*" >&"${HOLD[1]}"
  read -rt "$DEADLINE" answer <&"${HOLD[0]}"
  [[ $answer != failed* ]] || { echo "hold $*: $answer"; return 1; }
}

# SPDX-License-Identifier: MIT
# ipban against a real kernel: sets, rules, packets, time.

load ../helpers
load node
bats_require_minimum_version 1.5.0

# A node and a client with both families between them, and a web server on the node.
wire() {
  netns_add node client
  netns_join node "192.0.2.1/24 2001:db8::1/64" client "192.0.2.9/24 192.0.2.10/24 2001:db8::9/64"
  spawn_in node "$BUILD/tests/bin/web"
  wait_until gets_page 192.0.2.1
}

# A page from the node, over whatever family the address is of.
PAGE='exec 3<>"/dev/tcp/$0/80" && printf "GET / HTTP/1.1\r\n\r\n" >&3 && grep -q hello <&3'
gets_page() { in_netns client timeout 5 bash -c "$PAGE" "$1"; }
dropped() { node ipban status -o json | sed -n "s/.*\"set\":\"$1\",.*\"dropped_packets\":\([0-9]*\).*/\1/p"; }
has_dropped() { [[ $(dropped "$1") -gt 0 ]]; }

# A client's attempt that nobody answers: packets are counted as dropped and no page comes.
is_cut_off() {
  spawn_in client timeout 5 bash -c "$PAGE" "$1"
  wait_until has_dropped "$2"
  kill -0 "$SPAWNED"
}

@test "a banned address gets no answer, its neighbour does" {
  wire
  node ipban add 192.0.2.9 --for 1h
  is_cut_off 192.0.2.1 xlimit4
  in_netns client ip address del 192.0.2.9/24 dev to-node
  in_netns client ip address add 192.0.2.10/24 dev to-node 2>/dev/null || :
  gets_page 192.0.2.1
}

@test "a banned IPv6 prefix gets no answer while IPv4 goes on" {
  wire
  wait_until gets_page 2001:db8::1
  node ipban add 2001:db8::8/125 --for 1h
  is_cut_off 2001:db8::1 xlimit6
  gets_page 192.0.2.1
}

@test "an IPv4 client of a dual-stack listener is banned by its IPv4 address, also written as mapped" {
  wire
  node ipban add ::ffff:192.0.2.9 --for 1h
  node ipban test 192.0.2.9
  is_cut_off 192.0.2.1 xlimit4
}

@test "an open connection stops at once and goes on when the ban is lifted, whatever accepts it elsewhere" {
  wire
  node nft add table inet other
  node nft add chain inet other early '{ type filter hook prerouting priority -400; }'
  node nft add rule inet other early ct state established accept
  mkfifo "$BATS_TEST_TMPDIR/go"
  spawn_in client bash -c 'exec 3<>/dev/tcp/192.0.2.1/80; echo open; read -r _ <"$0/go"
    printf "GET / HTTP/1.1\r\n\r\n" >&3; grep hello <&3' "$BATS_TEST_TMPDIR" >"$BATS_TEST_TMPDIR/client"
  wait_for_line "$BATS_TEST_TMPDIR/client" open
  node ipban add 192.0.2.9
  echo >"$BATS_TEST_TMPDIR/go"
  wait_until has_dropped xlimit4
  run -1 grep hello "$BATS_TEST_TMPDIR/client"
  node ipban del 192.0.2.9
  wait_for_line "$BATS_TEST_TMPDIR/client" hello
}

@test "the kernel ends a ban by itself" {
  wire
  node ipban add 192.0.2.9 --for 1s
  node ipban test 192.0.2.9
  wait_until gets_page 192.0.2.1
  run -1 node ipban test 192.0.2.9
  [[ $output = "192.0.2.9 is not banned" ]]
}

@test "a ban in direction out stops what goes to the target, and only that" {
  wire
  node ipban add --direction out 192.0.2.9
  is_cut_off 192.0.2.1 xlimit4out
  [[ $(dropped xlimit4) -eq 0 ]]
}

@test "with --port only these destination ports are closed" {
  wire
  node ipban setup --port 443
  node ipban add 192.0.2.9
  gets_page 192.0.2.1
  node ipban setup --port 80
  node ipban test 192.0.2.9
  is_cut_off 192.0.2.1 xlimit4
}

@test "adding without --port leaves the ports alone that setup chose" {
  in_fresh_netns bash -c 'ipban setup --port 443 && ipban add 192.0.2.9 -q && ipban status -o plain' >"$BATS_TEST_TMPDIR/out"
  grep -q '^xlimit4 .* 443 ' "$BATS_TEST_TMPDIR/out"
}

@test "a second ban extends and never shortens" {
  in_fresh_netns bash -c '
    result() { ipban add "$@" | sed "s/.*\"result\":\"\([a-z]*\)\".*/\1/"; }
    left() { ipban list -o plain | sed -n "s/^192.0.2.9  *\([0-9]*\) .*/\1/p"; }
    result 192.0.2.9 --for 10m
    result 192.0.2.9 --for 5m
    [[ $(left) -gt 590 ]] && echo kept
    result 192.0.2.9 --for 1h
    [[ $(left) -gt 3590 ]] && echo longer
    result 192.0.2.9
    left
    result 192.0.2.9 --for 7d
    left' >"$BATS_TEST_TMPDIR/out"
  [[ $(paste -sd' ' "$BATS_TEST_TMPDIR/out") = "added present kept extended longer extended 0 present 0" ]]
}

@test "bans by four processes at once leave the longest" {
  in_fresh_netns bash -c '
    ipban add 192.0.2.9 --for 1m >/dev/null
    for round in {1..20}; do
      for seconds in 600 3600 1200 2400; do ipban add 192.0.2.9 --for $((seconds + round)) >/dev/null & done
      wait
      [[ $(ipban list -o plain | sed -n "s/^192.0.2.9  *\([0-9]*\) .*/\1/p") -ge $((3598 + round)) ]] || exit 1
    done'
}

@test "eight setups at once leave one rule a chain, and a ninth leaves its counters alone" {
  in_fresh_netns bash -c '
    for _ in {1..8}; do ipban setup & done
    wait
    [[ $(nft list ruleset 2>/dev/null | grep -c "match set") -eq 2 ]] || exit 1
    handles() { nft -a list ruleset 2>/dev/null | grep "match set"; }
    before=$(handles)
    ipban setup && ipban add 192.0.2.9 >/dev/null && echo | ipban apply >/dev/null
    [[ $(handles) = "$before" ]]'
}

@test "the tables of others are as they were" {
  in_fresh_netns bash -c '
    nft add table ip mine && nft add chain ip mine input "{ type filter hook input priority 0; }"
    nft add rule ip mine input tcp dport 22 accept
    ipset create mine hash:ip && iptables -A INPUT -s 192.0.2.7 -j DROP
    before=$(nft list ruleset 2>/dev/null; ipset save)
    ipban setup && ipban add 192.0.2.9 >/dev/null && ipban setup --direction out && ipban teardown
    [[ $(nft list ruleset 2>/dev/null; ipset save) = "$before" ]]'
}

@test "status says what is missing, and that a flushed firewall enforces nothing" {
  in_fresh_netns bash -c '
    ipban status -o plain; echo "rc $?"
    ipban setup; ipban status -o plain -q; echo "rc $?"
    nft flush ruleset; ipban status -o plain; echo "rc $?"
    ipban setup; nft flush chain ip xlimit prerouting; ipban status -q; echo "rc $?"
    ipban setup; nft insert rule ip xlimit prerouting accept 2>/dev/null; ipban status -q; echo "rc $?"
    ipban setup; ipban status -q; echo "rc $?"' >"$BATS_TEST_TMPDIR/out" 2>&1
  [[ $(grep '^rc' "$BATS_TEST_TMPDIR/out" | paste -sd' ') = "rc 1 rc 0 rc 1 rc 1 rc 1 rc 0" ]]
  grep -q "set 'xlimit4': the set is missing" "$BATS_TEST_TMPDIR/out"
  grep -q "set 'xlimit4': no chain 'prerouting'" "$BATS_TEST_TMPDIR/out"
}

@test "what became of each target of add is an event, in its place" {
  run -1 --separate-stderr in_fresh_netns ipban add 203.0.113.1 127.0.0.1 203.0.113.2
  [[ $(sed 's/.*"type":"\([a-z]*\)".*"target":"\([0-9.]*\)".*/\1 \2/' <<<"$output" | paste -sd' ') = "banned 203.0.113.1 refused 127.0.0.1 banned 203.0.113.2" ]]
  [[ ${lines[1]} = *'"seconds":0,"direction":"in","rule":"manual","why":"'*'loopback'*'"}' ]]
  [[ $stderr = "ipban: ban '127.0.0.1': "*loopback* ]]
  run -1 --separate-stderr in_fresh_netns ipban add 127.0.0.1 203.0.113.2 -o plain
  [[ $(awk '{ print $1, $2 }' <<<"$output" | paste -sd' ') = "127.0.0.1 refused 203.0.113.2 added" ]]
}

@test "who is connected to a protected port is refused, in IPv4 and IPv6, until he leaves" {
  wire
  spawn_in client bash -c 'exec 3<>/dev/tcp/192.0.2.1/80; echo open; exec cat <&3' >"$BATS_TEST_TMPDIR/client"
  local client=$SPAWNED
  wait_for_line "$BATS_TEST_TMPDIR/client" open
  run -1 --separate-stderr node ipban add 192.0.2.9 --protect-port 80
  [[ $stderr = "ipban: ban '192.0.2.9': connected to a protected port: 192.0.2.9" ]]
  run -1 node ipban add 192.0.2.8/30 --protect-port 80 --protect-port 22
  node ipban add 192.0.2.10 --protect-port 80
  kill "$client"
  wait_until node ipban add 192.0.2.9 --protect-port 80
}

@test "a full set refuses the ban that does not fit, and says so" {
  in_fresh_netns bash -c '
    ipset create xlimit4 hash:net family inet timeout 0 maxelem 2 hashsize 64
    ipban add 203.0.113.1 203.0.113.2 203.0.113.3 203.0.113.1; echo "rc $?"
    ipban list -o plain | wc -l' >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
  grep -q "^ipban: ban '203.0.113.3': set 'xlimit4' is full$" "$BATS_TEST_TMPDIR/err"
  grep -q '^rc 1$' "$BATS_TEST_TMPDIR/out"
  [[ $(tail -n 1 "$BATS_TEST_TMPDIR/out") -eq 2 ]]
}

@test "a set of another kind under our name is left alone and named" {
  run -69 in_fresh_netns bash -c 'ipset create xlimit4 hash:ip; ipban add 203.0.113.1'
  [[ $output = "ipban: use set 'xlimit4': it is hash:ip inet without timeouts, not hash:net inet with timeouts; destroy it or choose another --set" ]]
}

@test "teardown leaves nothing, and only of its own prefix" {
  in_fresh_netns bash -c '
    ipban setup && ipban setup --direction out && ipban setup --set other && ipban add 203.0.113.1 >/dev/null
    ipban teardown && ipban status --set other || exit 1
    [[ $(ipset list -n | paste -sd" ") = "other4 other6" ]] && ! nft list table ip xlimit 2>/dev/null || exit 1
    ipban teardown --set other && [[ -z $(ipset list -n) ]] && [[ -z $(nft list ruleset) ]]'
}

@test "a ban is lifted even when the allowlist can no longer be read" {
  in_fresh_netns bash -c 'ipban add 203.0.113.1 && ipban del 203.0.113.1 --allow /nowhere' >"$BATS_TEST_TMPDIR/out"
  grep -q '"result":"removed"' "$BATS_TEST_TMPDIR/out"
}

@test "dry runs change nothing" {
  in_fresh_netns bash -c '
    ipban setup --dry-run; ipban add 203.0.113.1 --dry-run; ipban teardown --dry-run; ipban flush --dry-run
    echo "$0" | ipban apply --dry-run 2>/dev/null
    [[ -z $(ipset list -n) ]] && [[ -z $(nft list ruleset) ]]' "$(ban_line 203.0.113.1 60)" >"$BATS_TEST_TMPDIR/out"
  grep -q "^would create set 'xlimit4'$" "$BATS_TEST_TMPDIR/out"
  grep -q "^would ban '203.0.113.1'$" "$BATS_TEST_TMPDIR/out"
  grep -qxF "$(ban_line 203.0.113.1 60)" "$BATS_TEST_TMPDIR/out"
}

@test "without CAP_NET_ADMIN every verb says so in one line" {
  needs setpriv
  local verb
  for verb in setup teardown "add 203.0.113.1" "del 203.0.113.1" list "test 203.0.113.1" flush status apply; do
    # shellcheck disable=SC2086
    run -77 setpriv --bounding-set=-net_admin --inh-caps=-net_admin "$BUILD/bin/ipban" $verb </dev/null
    [[ ${#lines[@]} -eq 1 && $output = "ipban: use kernel sets: Operation not permitted" ]]
  done
}

@test "a reader that has seen enough of a long list is no failure, a full disk is" {
  in_fresh_netns bash -c '
    set -o pipefail
    ipban add $(printf "203.0.113.%d 198.51.100.%d 192.0.2.%d " $(for i in {1..250}; do echo $i $i $i; done)) >/dev/null
    ipban list -o json | head -n 1 >"$0/one" || exit
    ipban list -o json >/dev/full
    [[ $? -eq 74 ]] && [[ $(wc -l <"$0/one") -eq 1 ]]' "$BATS_TEST_TMPDIR" 2>"$BATS_TEST_TMPDIR/err"
  [[ $(<"$BATS_TEST_TMPDIR/err") = "ipban: write to stdout: No space left on device" ]]
}

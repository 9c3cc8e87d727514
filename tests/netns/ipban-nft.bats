# SPDX-License-Identifier: MIT
# ipban without ipset: what holds for the one backend holds for the other, and what only nftables has.

load ../helpers
bats_require_minimum_version 1.5.0

setup() {
  needs_netns
  needs ip nft jq python3
}

nft_ipban() { ipban --backend nft "$@"; }
export -f nft_ipban

# A folder like the build's, where ipban means ipban --backend nft.
pretend() {
  PRETENDED=$BATS_TEST_TMPDIR/build
  [[ ! -d $PRETENDED ]] || return 0
  mkdir -p "$PRETENDED"
  ln -s "$BUILD/tests" "$PRETENDED/tests"
  mkdir "$PRETENDED/bin"
  ln -s "$BUILD"/bin/* "$PRETENDED/bin/"
  rm "$PRETENDED/bin/ipban"
  printf '#!/bin/sh\nexec "%s/bin/ipban" --backend nft "$@"\n' "$BUILD" >"$PRETENDED/bin/ipban"
  chmod +x "$PRETENDED/bin/ipban"
}

# proves FILE COUNT PATTERN: so many tests of that file, named by PATTERN, hold for nft.
proves() {
  pretend
  env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME="$HOME" XLIMIT_BUILD="$PRETENDED" ${XLIMIT_DEADLINE:+XLIMIT_DEADLINE=$XLIMIT_DEADLINE} \
    bats --tap -f "$3" "$BATS_TEST_DIRNAME/$1" >"$BATS_TEST_TMPDIR/tap" 3>&- || { cat "$BATS_TEST_TMPDIR/tap"; return 1; }
  cat "$BATS_TEST_TMPDIR/tap"
  [[ $(grep -c '^ok' "$BATS_TEST_TMPDIR/tap") -eq $2 ]] && ! grep -q '# skip' "$BATS_TEST_TMPDIR/tap"
}

@test "packets, time, ports and processes at once: as with ipset" {
  proves ipban.bats 11 '^(a banned address gets|a banned IPv6 prefix|an IPv4 client of a dual|an open connection stops|the kernel ends a ban|a ban in direction out|with --port only|adding without --port|a second ban extends|bans by four processes|status says what is missing)'
  proves ipban-apply.bats 1 '^a hundred thousand bans'
}

@test "lists come, change under traffic and go: as with ipset" {
  proves ipban-lists.bats 9 '^(a list that was emptied|the whole of a family|the same list again|NDJSON loads|while a list of 100,000|another list and bans|own addresses, peers|an empty list|a list of direction out)'
}

@test "what is enforced, what is said and what is undone: as with ipset" {
  proves ipban-enforced.bats 5 .
}

@test "a prefix bans what is in it, and its set is made by the first ban of that length" {
  in_fresh_netns bash -c '
    nft_ipban add 192.0.2.0/24 203.0.113.7 192.0.2.9 2001:db8::/64 >/dev/null
    nft_ipban test 192.0.2.200 192.0.2.9 203.0.113.7 2001:db8::9 >/dev/null || exit 1
    ! nft_ipban test 203.0.113.8 >/dev/null || exit 1
    nft list sets | grep "set xlimit" | tr -d "\t{"
    nft_ipban del 192.0.2.9 192.0.2.0/25 -o plain
    nft_ipban test 192.0.2.9 >/dev/null && nft_ipban status -o plain' >"$BATS_TEST_TMPDIR/out"
  [[ $(grep -c '^set xlimit' "$BATS_TEST_TMPDIR/out") -eq 4 ]]
  grep -q '^192.0.2.9  removed' "$BATS_TEST_TMPDIR/out"
  grep -q '^192.0.2.0/25  absent' "$BATS_TEST_TMPDIR/out"
  grep -q '^xlimit4  in  yes  2 ' "$BATS_TEST_TMPDIR/out"
}

@test "a ban may last longer than ipset could hold" {
  in_fresh_netns bash -c 'nft_ipban add 192.0.2.9 --for 365d && nft_ipban list -o plain' >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
  [[ ! -s $BATS_TEST_TMPDIR/err ]]
  [[ $(sed -n 's/^192.0.2.9  *\([0-9]*\) .*/\1/p' "$BATS_TEST_TMPDIR/out") -gt 31535900 ]]
}

@test "a full set refuses what does not fit, and takes the rest of the batch" {
  in_fresh_netns bash -c '
    nft add table ip xlimit && nft "add set ip xlimit xlimit4 { type ipv4_addr; flags timeout; size 2; }"
    nft_ipban add 203.0.113.1 203.0.113.2 203.0.113.3 203.0.113.1 198.51.100.0/24; echo "rc $?"
    nft_ipban list -o plain | wc -l' >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
  grep -q "^ipban: ban '203.0.113.3': set 'xlimit4' is full$" "$BATS_TEST_TMPDIR/err"
  [[ $(wc -l <"$BATS_TEST_TMPDIR/err") -eq 1 ]]
  grep -q '^rc 1$' "$BATS_TEST_TMPDIR/out"
  [[ $(tail -n 1 "$BATS_TEST_TMPDIR/out") -eq 3 ]]
}

@test "a set of another kind under our name is left alone and named" {
  run -69 in_fresh_netns bash -c '
    nft add table ip xlimit && nft "add set ip xlimit xlimit4 { type inet_service; }"; nft_ipban add 203.0.113.1'
  [[ $output = "ipban: use set 'xlimit4': it does not hold addresses with timeouts; delete it or choose another --set" ]]
}

@test "apply puts everything back that nft flush ruleset took" {
  netns_add node
  local out=$BATS_TEST_TMPDIR/out
  mkfifo "$BATS_TEST_TMPDIR/in"
  spawn ip netns exec "$(netns_name node)" bash -c 'exec ipban --backend nft apply <"$0"' "$BATS_TEST_TMPDIR/in" >"$out"
  exec 4>"$BATS_TEST_TMPDIR/in"
  ban() { echo "{\"type\":\"ban\",\"time\":\"2026-06-01T12:00:00.000000Z\",\"target\":\"$1\",\"seconds\":600}"; }
  ban 203.0.113.1 >&4
  wait_for_line "$out" '"result":"added"'
  in_netns node nft flush ruleset
  wait_until in_netns node ipban --backend nft status
  ban 203.0.113.0/25 >&4
  wait_for_line "$out" '"target":"203.0.113.0/25".*"result":"added"'
  in_netns node ipban --backend nft test 203.0.113.9
  exec 4>&-
}

@test "eight setups at once leave one rule a chain, and a ninth leaves its counters alone" {
  in_fresh_netns bash -c '
    for _ in {1..8}; do nft_ipban setup & done
    wait
    handles() { nft -a list ruleset | grep "addr @"; }
    [[ $(handles | wc -l) -eq 2 ]] || exit 1
    before=$(handles)
    nft_ipban setup && nft_ipban add 192.0.2.9 >/dev/null && echo | nft_ipban apply >/dev/null
    [[ $(handles) = "$before" ]]'
}

@test "both backends stand side by side, and neither takes the other's prefix" {
  needs ipset
  in_fresh_netns bash -c '
    ipban setup --backend ipset && ipban setup --backend nft --set other || exit 1
    ipban setup --backend nft; echo "rc $?"
    ipban add --backend ipset --set other 192.0.2.9; echo "rc $?"
    ipban add 192.0.2.1 >/dev/null; ipban add 192.0.2.2 --set other >/dev/null
    ipset list xlimit4 | grep -c "^192.0.2.1 "; nft list set ip other other4 | grep -c 192.0.2.2
    ipban teardown --set other; ipban status -q -o plain && ipban teardown
    [[ -z $(ipset list -n) && -z $(nft list ruleset) ]] && echo clean' >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
  [[ $(grep -v '^xlimit' "$BATS_TEST_TMPDIR/out" | paste -sd' ') = "rc 69 rc 69 1 1 clean" ]]
  grep -q "^ipban: use nft: 'xlimit' is in ipset; tear that down with --backend ipset or choose another --set$" "$BATS_TEST_TMPDIR/err"
}

@test "the tables of others are as they were" {
  in_fresh_netns bash -c '
    nft add table ip mine && nft add chain ip mine input "{ type filter hook input priority 0; }"
    nft add rule ip mine input tcp dport 22 accept && nft "add set ip mine xlimit4 { type ipv4_addr; }"
    before=$(nft list ruleset)
    nft_ipban add 192.0.2.9 192.0.2.0/24 >/dev/null && echo 198.51.100.1 | nft_ipban load a >/dev/null
    nft_ipban flush && nft_ipban unload a >/dev/null && nft_ipban teardown
    [[ $(nft list ruleset) = "$before" ]]'
}

@test "a list keeps its counter when it is replaced, and one that is the same is left alone" {
  netns_add node client
  netns_join node "192.0.2.1/24" client "192.0.2.9/24"
  node() { in_netns node ipban --backend nft "$@"; }
  count() { node status -o json | jq 'select(.set == "xlimit.bad4") | .dropped_packets'; }
  counted() { [[ $(count) -gt 0 ]]; }
  printf '%s\n' 192.0.2.9 198.51.100.0/25 255.255.255.128/25 | node load bad --allow 203.0.113.99
  spawn ip netns exec "$(netns_name client)" timeout 20 bash -c 'exec 3<>/dev/tcp/192.0.2.1/80'
  wait_until counted
  local before after
  before=$(count)
  [[ $(printf '%s\n' 192.0.2.9 198.51.100.0/24 203.0.113.7 | node load bad -o json | jq -c '[.added, .removed, .unchanged]') = '[2,8,1]' ]]
  [[ $(count) -ge $before ]]
  before=$(in_netns node nft -a list ruleset | grep 'set xlimit.bad4')
  printf '%s\n' 192.0.2.9 198.51.100.0/24 203.0.113.7 | node load bad
  after=$(in_netns node nft -a list ruleset | grep 'set xlimit.bad4')
  [[ $before = "$after" ]]
  [[ $(node list bad -o plain | paste -sd' ') = "192.0.2.9 198.51.100.0/24 203.0.113.7" ]]
}

@test "neighbours in a list are told apart, and what changes between them is counted" {
  in_fresh_netns bash -c '
    printf "%s\n" 198.51.100.0/25 198.51.101.0/24 | nft_ipban load a -o json
    printf "%s\n" 198.51.100.0/24 198.51.101.0/25 | nft_ipban load a -o json
    printf "%s\n" 198.51.100.1 198.51.100.2/31 | nft_ipban load a -o json
    nft_ipban test 198.51.100.1; nft_ipban test 198.51.100.2; ! nft_ipban test 198.51.100.0' >"$BATS_TEST_TMPDIR/out"
  [[ $(grep loaded "$BATS_TEST_TMPDIR/out" | jq -rc '[.added, .removed, .unchanged]' | paste -sd' ') = "[2,0,0] [2,2,0] [2,2,0]" ]]
  [[ $(grep -c ' is banned' "$BATS_TEST_TMPDIR/out") -eq 2 ]]
  grep -q "^198.51.100.2 is banned: 198.51.100.2/31 in list 'a'" "$BATS_TEST_TMPDIR/out"
}

@test "what a load that was killed left behind is no list, and the next load takes it away" {
  in_fresh_netns bash -c '
    nft_ipban setup
    nft "add set ip xlimit xlimit.bad4/77 { type ipv4_addr; flags interval; comment \"2 prefixes up to 203.0.113.7\"; }"
    nft "add element ip xlimit xlimit.bad4/77 { 192.0.2.1 }"
    nft_ipban list bad; echo "rc $?"
    nft_ipban setup; nft_ipban test 192.0.2.1
    echo 203.0.113.7 | nft_ipban load bad >/dev/null
    nft list sets | grep -c "set xlimit.bad4"
    nft flush chain ip xlimit prerouting; nft_ipban status -q >/dev/null; echo "rc $?"
    nft_ipban setup; nft_ipban status -q >/dev/null; echo "rc $?"' >"$BATS_TEST_TMPDIR/out" 2>&1
  cat "$BATS_TEST_TMPDIR/out"
  [[ $(grep -v '^ipban: ' "$BATS_TEST_TMPDIR/out" | paste -sd' ') = "rc 1 192.0.2.1 is not banned 1 rc 1 rc 0" ]]
}

# SPDX-License-Identifier: MIT
# ipban apply against a real kernel: what becomes of each line, and of bans that can't be.

load ../helpers
load node
bats_require_minimum_version 1.5.0

@test "apply puts rules back that were flushed, and sets that were destroyed" {
  netns_add node
  start_apply
  ban_line 203.0.113.1 600 >&4
  wait_for_line "$BATS_TEST_TMPDIR/out" '"result":"added"'
  node nft flush ruleset
  wait_until node ipban status
  # Held still, or it would have its rules back before the sets can be destroyed.
  kill -STOP "$SPAWNED"
  node nft flush ruleset
  wait_until node ipset destroy xlimit4
  kill -CONT "$SPAWNED"
  ban_line 203.0.113.2 600 >&4
  wait_for_line "$BATS_TEST_TMPDIR/out" '"target":"203.0.113.2".*"result":"added"'
  wait_until node ipban status
  exec 4>&-
}

@test "apply puts direction out back, with the ban that another process made, when all its sets are gone" {
  netns_add node
  start_apply
  wait_until node ipban status
  node ipban add 203.0.113.77 --direction out -q
  kill -STOP "$SPAWNED"
  node nft flush ruleset
  wait_until node ipset destroy xlimit4out
  wait_until node ipset destroy xlimit6out
  kill -CONT "$SPAWNED"
  wait_until node ipban status
  wait_until node ipset test xlimit4out 203.0.113.77
  exec 4>&-
}

@test "apply that is started when sets are gone puts back what they held" {
  netns_add node
  node ipban add 203.0.113.77 2001:db8::77 -q
  node nft flush ruleset
  wait_until node ipset destroy xlimit4
  start_apply
  wait_until node ipset test xlimit4 203.0.113.77
  node ipban status
  exec 4>&-
}

@test "apply that is started while 20000 timed bans stand puts none back" {
  netns_add node
  for i in {0..19999}; do ban_line "100.64.$((i / 256)).$((i % 256))" 600; done | node ipban apply >/dev/null
  start_apply
  ban_line 203.0.113.1 600 >&4
  wait_for_line "$OUT" 203.0.113.1
  exec 4>&-
  wait_gone "$SPAWNED"
  [[ $(<"$ERR") != *"put back"* ]]
}

@test "apply that is started when sets were emptied fills them, bans and lists" {
  netns_add node
  node ipban add 203.0.113.77 2001:db8::77 -q
  echo 198.51.100.0/24 | node ipban load feed -q
  node ipset flush
  start_apply
  wait_for_line "$ERR" '^ipban: sets were gone or empty; put back with 2 bans and 1 lists$'
  node ipban status
  node ipset test xlimit4 203.0.113.77
  exec 4>&-
}

@test "the first ban of direction out brings nothing back that was taken out by hand" {
  netns_add node
  node ipban add 203.0.113.77 203.0.113.78 -q
  start_apply
  ban_line 203.0.113.1 600 >&4
  wait_for_line "$OUT" 203.0.113.1
  node ipset del xlimit4 203.0.113.77
  ban_line 203.0.113.2 600 ',"direction":"out"' >&4
  wait_for_line "$OUT" 203.0.113.2
  # It has looked at what that changed when the bans that come after are done.
  ban_line 203.0.113.3 600 >&4
  wait_for_line "$OUT" 203.0.113.3
  ban_line 203.0.113.4 600 >&4
  wait_for_line "$OUT" 203.0.113.4
  exec 4>&-
  wait_gone "$SPAWNED"
  [[ $(<"$ERR") != *"put back"* ]]
  run -1 node ipban test 203.0.113.77
}

@test "status tells of a set that was emptied by hand, and restore fills it" {
  netns_add node
  node ipban add 203.0.113.77 203.0.113.78 -q
  echo 198.51.100.0/24 | node ipban load feed -q
  node ipban status
  node ipset del xlimit4 203.0.113.77
  run -1 node ipban status
  [[ $output = *"set 'xlimit4': it holds 1 of 2 bans that are remembered"* ]]
  node ipset flush
  run -1 node ipban status
  [[ $output = *"set 'xlimit4': it holds 0 of 2 bans"*"set 'xlimit.feed4': the set was emptied"* ]]
  node ipban restore </dev/null
  node ipban status
  node ipset test xlimit4 203.0.113.77
  node ipset test xlimit.feed4 198.51.100.7
}

@test "the first ban in direction out makes its sets and rules" {
  in_fresh_netns bash -c 'echo "$0" | ipban apply && ipban status -o plain' \
    "$(ban_line 203.0.113.1 60 ',"direction":"out"')" >"$BATS_TEST_TMPDIR/out"
  grep -q '"result":"added","set":"xlimit4out"' "$BATS_TEST_TMPDIR/out"
  grep -q '^xlimit4out *out *yes' "$BATS_TEST_TMPDIR/out"
}

@test "apply keeps the order of what it passes on and what it answers" {
  in_fresh_netns bash -c 'printf "%s\n" one "$0" two "$1" "{\"type\":\"unban\",\"time\":\"2026-06-01T12:00:00Z\",\"target\":\"203.0.113.1\"}" three | ipban apply' \
    "$(ban_line 203.0.113.1 60)" "$(ban_line 127.0.0.1 60)" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
  [[ $(sed 's/.*"type":"\([a-z]*\)".*/\1/' "$BATS_TEST_TMPDIR/out" | paste -sd' ') = "one banned two refused unbanned three" ]]
  [[ $(wc -l <"$BATS_TEST_TMPDIR/err") -eq 2 ]]
}

@test "a line too long for an event comes out whole between two bans" {
  in_fresh_netns bash -c '
    { echo "$0"; printf "%0300000d\n" 7; echo "$1"; printf half; } >"$2"
    ipban apply <"$2" 2>/dev/null | awk "{ print length(\$0), substr(\$0, 1, 16) }"' \
    "$(ban_line 203.0.113.1 60)" "$(ban_line 203.0.113.2 60)" "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out"
  [[ $(sed -n 2p "$BATS_TEST_TMPDIR/out") = "300000 0000000000000000" ]]
  [[ $(grep -c '{"type":"banned"' "$BATS_TEST_TMPDIR/out") -eq 2 ]]
  [[ $(tail -n 1 "$BATS_TEST_TMPDIR/out") = "4 half" ]]
}

@test "own addresses and gateways are refused, also when they come while apply runs" {
  netns_add node client
  netns_join node "192.0.2.1/24" client "192.0.2.9/24"
  run -1 node ipban add 192.0.2.1
  [[ $output = *"own address: 192.0.2.1"* ]]
  run -1 node ipban add 192.0.2.0/24
  [[ $output = *"own address: 192.0.2.1"* ]]
  start_apply
  ban_line 203.0.113.99 60 >&4
  wait_for_line "$BATS_TEST_TMPDIR/out" banned
  node ip route add default via 192.0.2.9
  node ip address add 198.51.100.1/32 dev lo
  ban_line 192.0.2.9 60 >&4
  ban_line 198.51.100.1 60 >&4
  wait_for_line "$BATS_TEST_TMPDIR/out" 'refused.*default gateway: 192.0.2.9'
  wait_for_line "$BATS_TEST_TMPDIR/out" 'refused.*own address: 198.51.100.1'
  exec 4>&-
}

@test "a ban that does not fit is refused by apply, said once, and stops nothing" {
  in_fresh_netns bash -c '
    ipset create xlimit4 hash:net family inet timeout 0 maxelem 2 hashsize 64
    for i in 1 2 3 4; do echo "${0/TARGET/203.0.113.$i}"; done | ipban apply' \
    "$(ban_line TARGET 60)" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
  [[ $(grep -c banned "$BATS_TEST_TMPDIR/out") -eq 2 ]]
  [[ $(grep -c "refused.*\"why\":\"set 'xlimit4' is full\"" "$BATS_TEST_TMPDIR/out") -eq 2 ]]
  [[ $(head -n 1 "$BATS_TEST_TMPDIR/err") = "ipban: a ban failed: '203.0.113.3': set 'xlimit4' is full, refused" ]]
}

@test "a hundred thousand bans in a burst are all confirmed" {
  in_fresh_netns bash -c '
    awk "BEGIN { for (i = 0; i < 100000; i++)
      printf \"{\\\"type\\\":\\\"ban\\\",\\\"time\\\":\\\"2026-06-01T12:00:00Z\\\",\\\"target\\\":\\\"100.%d.%d.%d\\\",\\\"seconds\\\":600}\n\",
        64 + int(i / 65536), int(i / 256) % 256, i % 256 }" | ipban apply | grep -c "\"result\":\"added\""
    ipban list -o plain | wc -l' >"$BATS_TEST_TMPDIR/out"
  [[ $(paste -sd' ' "$BATS_TEST_TMPDIR/out") = "100000 100000" ]]
}

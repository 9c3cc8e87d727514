# SPDX-License-Identifier: MIT
# What ipban remembers: bans, lists and ports come back after a reboot, a crash or a flushed firewall.

load ../helpers
load node
bats_require_minimum_version 1.5.0

setup() {
  needs_netns
  needs ip ipset nft
}

# With the folder of what is remembered read-only.
unable() {
  node unshare -m bash -c 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"' "$STATE_DIRECTORY" "$@"
}
restore() { node ipban restore "$@" </dev/null; }
left() { node ipban list -o plain | sed -n "s#^$1  *\([0-9]*\) .*#\1#p"; }
has_come() { [[ $EPOCHSECONDS -ge $1 ]]; }
# remains TARGET SINCE SECONDS: the ban that was made at that second for so long has just what is left of it.
remains() {
  local end=$(($2 + $3)) got
  got=$(left "$1")
  [[ $((got + EPOCHSECONDS)) -ge $((end - 2)) && $((got + EPOCHSECONDS)) -le $((end + 2)) ]]
}

@test "after a reboot restore brings back what is left, and nothing that has ended" {
  netns_add node
  local since=$EPOCHSECONDS
  node ipban add 192.0.2.1 --for 1h --reason "too many"
  node ipban add 192.0.2.2 --for 2s
  node ipban add 192.0.2.0/28
  node ipban add 2001:db8::/64 --for 2h
  node ipban add --direction out 203.0.113.9 --for 3h
  printf '198.51.100.0/24\n2001:db8:5::/48\n' | node ipban load feed
  node ipban add 192.0.2.3
  node ipban del 192.0.2.3
  reboot
  wait_until has_come $((since + 4))
  run -0 restore -o json
  [[ $output = '{"type":"restored","bans":4,"present":0,"refused":0,"lists":1,"dry_run":false}' ]]
  remains 192.0.2.1 "$since" 3600
  remains 2001:db8::/64 "$since" 7200
  remains 203.0.113.9 "$since" 10800
  [[ $(left 192.0.2.0/28) -eq 0 ]]
  [[ $(node ipban list -o plain | wc -l) -eq 4 ]]
  node ipban test 198.51.100.7
  node ipban status -q
  run -0 node ipban test 192.0.2.1
  [[ ${lines[0]} = *"in set 'xlimit4' for another "*" (rule 'manual', by '"*"/ipban': too many)" ]]
}

@test "restoring again changes nothing, and never shortens" {
  netns_add node
  node ipban add 192.0.2.1 --for 1h
  node ipban add 192.0.2.2 --for 1h
  reboot
  restore
  node ipban add 192.0.2.2 --for 5h --state none
  run -0 restore -o json
  [[ $output = '{"type":"restored","bans":0,"present":2,"refused":0,"lists":0,"dry_run":false}' ]]
  [[ $(left 192.0.2.2) -gt 17900 ]]
}

@test "a dry run says what would come back and touches nothing" {
  netns_add node
  node ipban add 192.0.2.1
  reboot
  run -0 restore --dry-run -o table
  [[ $output = "would restore 1 bans and 0 lists; 0 bans were there, 0 refused" ]]
  [[ -z $(node ipset list -n) && -z $(node nft list ruleset) ]]
}

@test "what has become an own address since is not banned again" {
  netns_add node
  node ipban add 192.0.2.50 192.0.2.51
  reboot
  node ip address add 192.0.2.50/32 dev lo
  run -1 restore -o json
  [[ ${lines[0]} = "ipban: ban '192.0.2.50': own address: 192.0.2.50" ]]
  [[ ${lines[1]} = *'"bans":1,"present":0,"refused":1'* ]]
  node ipban test 192.0.2.51
  # Nor is it missed.
  node ipban status
  node ipset del xlimit4 192.0.2.51
  run -1 node ipban status
  [[ $output = *"it holds 0 of 1 bans"* ]]
  node ipban status --allow 192.0.2.51
}

@test "restore and setup put the rules of direction out back where it is in use" {
  netns_add node
  local again
  node ipban add 203.0.113.77 --direction out
  for again in restore "node ipban setup"; do
    node nft flush ruleset
    run -1 node ipban status
    $again
    run -0 node ipban status
    [[ $output = *xlimit4out*xlimit6out* ]]
  done
  reboot
  restore
  run -0 node ipban status
  [[ $output = *xlimit4out*xlimit6out* ]]
  reboot
  node ipban setup
  run -1 node ipban status
  [[ $output = *"set 'xlimit4out': it holds 0 of 1 bans that are remembered"* ]]
}

@test "status tells of bans and lists of direction out that are remembered and not in the kernel" {
  netns_add node
  node ipban setup
  run -0 node ipban status
  node ipban add 203.0.113.77 --direction out --for 1h
  reboot
  node ipban setup --state none
  run -1 --separate-stderr node ipban status -o json
  [[ $output = *'"set":"xlimit4out"'*'"enforced":false'*"'ipban restore' puts them back"* ]]
  node ipban restore </dev/null
  run -0 node ipban status
  node ipban del 203.0.113.77 --direction out
  echo 203.0.113.0/24 | node ipban load feed --direction out
  reboot
  node ipban setup --state none
  run -1 --separate-stderr node ipban status -o json
  [[ $output = *'"list":"","direction":"out","enforced":false'* ]]
}

@test "save writes what restore reads, also on another host" {
  netns_add node other
  node ipban add 192.0.2.1 --for 1h --reason "why not"
  node ipset add xlimit4 192.0.2.2 timeout 600
  seq -f '10.0.%.0f.1' 0 199 | node ipban load feed --direction out
  node ipban save "$BATS_TEST_TMPDIR/saved"
  [[ $(wc -l <"$BATS_TEST_TMPDIR/saved") -eq 6 ]]
  [[ $(awk '{ if (length($0) > 4095) print }' "$BATS_TEST_TMPDIR/saved" | wc -l) -eq 0 ]]
  in_netns other ipban restore --state "$BATS_TEST_TMPDIR/theirs" <"$BATS_TEST_TMPDIR/saved"
  [[ $(in_netns other ipban list feed --direction out | wc -l) -eq 200 ]]
  in_netns other ipban list -o json --state "$BATS_TEST_TMPDIR/theirs" | grep -q '"target":"192.0.2.1".*"reason":"why not"'
  in_netns other nft flush ruleset
  wait_until in_netns other ipset destroy
  in_netns other ipban restore --state "$BATS_TEST_TMPDIR/theirs" </dev/null
  [[ $(in_netns other ipban list -o plain | wc -l) -eq 2 ]]
  node ipban save | in_netns other ipban restore -o json | grep -q '"bans":0,"present":2'
}

@test "an empty stdin is not restored, and that is said" {
  netns_add node
  node ipban add 192.0.2.1
  reboot
  : >"$BATS_TEST_TMPDIR/nothing"
  run -65 node ipban restore < <(:)
  [[ $output = "ipban: read stdin: it is empty, nothing is restored; what is remembered is restored without stdin, by '</dev/null'" ]]
  run -65 node ipban restore <"$BATS_TEST_TMPDIR/nothing"
  [[ -z $(node nft list tables) ]]
  run -0 node ipban restore - -o json < <(:)
  [[ $output = *'"bans":0,'* ]]
  run -0 node ipban restore -o json </dev/null
  [[ $output = *'"bans":1,'* ]]
}

@test "what is too wide for a list is not restored from a file, and said" {
  netns_add node
  saved_list() { jq -nc '{type: "list", time: "2026-06-01T12:00:00.000000Z", list: $ARGS.positional[0], direction: "in", targets: $ARGS.positional[1:]}' --args "$@"; }
  echo 198.51.100.7 | node ipban load kept
  { saved_list kept 0.0.0.0/0; saved_list feed 0.0.0.0/1 203.0.113.0/24 128.0.0.0/1 ::/0; } >"$BATS_TEST_TMPDIR/saved"
  run -1 --separate-stderr node ipban restore -o json "$BATS_TEST_TMPDIR/saved"
  [[ $output = *'"refused":4,"lists":1,'* && $stderr = "ipban: 4 prefixes are wider than /8 or /16, skipped" ]]
  [[ $(node ipban list kept -o plain; node ipban list feed -o plain) = $'198.51.100.7\n203.0.113.0/24' ]]
  run -1 node ipban test 8.8.8.8
}

@test "a flush forgets, and lists stay" {
  netns_add node
  node ipban add 192.0.2.1
  echo 198.51.100.0/24 | node ipban load feed
  node ipban flush
  reboot
  run -0 restore -o json
  [[ $output = *'"bans":0,"present":0,"refused":0,"lists":1'* ]]
}

@test "an unloaded list does not come back" {
  netns_add node
  echo 198.51.100.0/24 | node ipban load feed
  node ipban unload feed
  reboot
  run -0 restore -o json
  [[ $output = *'"lists":0'* ]]
}

@test "what can not be forgotten is neither flushed nor unloaded" {
  netns_add node
  node ipban add 192.0.2.1
  echo 198.51.100.0/24 | node ipban load feed
  run -74 unable ipban flush
  [[ $output = "ipban: open '"*".journal': Read-only file system" ]]
  run -74 unable ipban unload feed
  [[ $output = "ipban: remove '"*".feed.in.list': Read-only file system" ]]
  node ipban test 192.0.2.1 198.51.100.7
}

@test "a list that could not be kept is kept by the next load of the same" {
  netns_add node
  echo 198.51.100.1 | node ipban load feed
  run -0 unable ipban load feed <<<198.51.100.2
  [[ $output = *"not remembered"* ]]
  echo 198.51.100.2 | node ipban load feed
  reboot
  restore
  node ipban test 198.51.100.2
  run -1 node ipban test 198.51.100.1
}

@test "apply goes on while another process holds the journal, and remembers later" {
  netns_add node
  start_apply
  ban_line 192.0.2.1 600 >&4
  wait_until grep -rq '"192.0.2.1"' "$STATE_DIRECTORY"
  exec 5>>"$(echo "$STATE_DIRECTORY"/*.journal)"
  flock 5
  for i in {2..5}; do
    ban_line "192.0.2.$i" 600 >&4
    wait_for_line "$OUT" "192.0.2.$i"
  done
  wait_for_line "$ERR" "not remembered: '.*journal' is locked by another process"
  exec 5>&-
  for i in {2..5}; do wait_until grep -q "\"192.0.2.$i\"" "$STATE_DIRECTORY"/*.journal; done
  exec 4>&-
}

@test "what is unloaded or torn down while apply runs is not put back half" {
  netns_add node
  start_apply
  ban_line 192.0.2.1 600 >&4
  wait_for_line "$OUT" 192.0.2.1
  for _ in {1..5}; do
    printf '198.51.100.0/24\n2001:db8:5::/48\n' | node ipban load feed
    node ipban unload feed
    run -1 node ipban test 198.51.100.5
  done
  node ipban teardown
  wait_until node ipban test 192.0.2.1
  run -1 node ipban test 198.51.100.5
  exec 4>&-
}

@test "apply killed right behind a ban it told costs at most that ban" {
  netns_add node
  local round count=0 i
  for round in {1..8}; do
    start_apply
    for ((i = 0; i < round; ++i)); do
      count=$((count + 1))
      ban_line "10.0.$round.$i" 3600 ',"reason":"r"' >&4
      wait_for_line "$OUT" '"type":"banned"' "$count"
    done
    kill -9 "$SPAWNED"
    wait_gone "$SPAWNED"
    exec 4>&-
  done
  reboot
  restore
  # The last of each of the 8 rounds may have been on its way to the file, and no other.
  [[ $(node ipban list -o plain | wc -l) -ge $((count - 8)) ]]
  for round in {2..8}; do node ipban test "10.0.$round.0"; done
}

@test "a torn journal costs its torn lines, and says so" {
  local journal
  netns_add node
  node ipban add 192.0.2.1
  journal=$(echo "$STATE_DIRECTORY"/xlimit@*.journal)
  printf '{"type":"banned","time":"2026-06-' >>"$journal"
  node ipban add 192.0.2.2
  printf '\0\xff{"type":"ban' >>"$journal"
  node ipban add 192.0.2.3
  reboot
  run -0 --separate-stderr restore -o json
  [[ $output = *'"bans":3,'* ]]
  [[ $stderr = "ipban: '$STATE_DIRECTORY': 2 lines of the journal are no events, skipped" ]]
}

@test "two applies at once lose nothing of each other's" {
  netns_add node
  local file
  for file in a b; do
    for i in {1..500}; do ban_line "10.0.$((i / 250 + $(printf %d "'$file"))).$((i % 250))" 600; done >"$BATS_TEST_TMPDIR/$file"
    spawn_in node bash -c 'exec ipban apply <"$0" >/dev/null' "$BATS_TEST_TMPDIR/$file"
    eval "pid_$file=$SPAWNED"
  done
  wait_gone "$pid_a"
  wait_gone "$pid_b"
  local there
  there=$(node ipban list -o plain | wc -l)
  [[ $there -gt 700 ]]
  reboot
  restore
  [[ $(node ipban list -o plain | wc -l) -eq $there ]]
}

@test "namespaces do not mix" {
  # The first process of a process namespace is in the host's network namespace as far as ipban can tell.
  unshare -n -p -f --mount-proc bash -c '
    ip link set lo up
    ipban add 192.0.2.1
    unshare -n bash -c "ip link set lo up; ipban add 192.0.2.2; ipban restore -o json </dev/null; ipban list -o plain"
    ipban restore -o json </dev/null
    ipban list -o plain' >"$BATS_TEST_TMPDIR/out"
  [[ $(grep -c '"present":1,' "$BATS_TEST_TMPDIR/out") -eq 2 ]]
  [[ $(grep -c '^192.0.2.' "$BATS_TEST_TMPDIR/out") -eq 2 ]]
  [[ -f $STATE_DIRECTORY/xlimit.journal && $(ls "$STATE_DIRECTORY" | grep -c '^xlimit@[0-9]*\.journal$') -eq 1 ]]
}

@test "rules that come back are limited to the ports that were chosen" {
  netns_add node
  ports() { node ipban status -o plain | awk -v set="$1" '$1 == set { print $5 }'; }
  node ipban setup --port 443 --port 8443
  node nft flush ruleset
  node ipban add 192.0.2.1
  [[ $(ports xlimit4) = 443,8443 && $(ports xlimit6) = 443,8443 ]]
  reboot
  restore
  [[ $(ports xlimit4) = 443,8443 ]]
  start_apply
  ban_line 192.0.2.2 60 >&4
  wait_for_line "$OUT" banned
  node ipban setup --port 80
  node nft flush ruleset
  wait_until node ipban status -q
  [[ $(ports xlimit4) = 80 ]]
  exec 4>&-
  wait_gone "$SPAWNED"
  node ipban setup
  node nft flush ruleset
  node ipban add 192.0.2.3
  [[ $(ports xlimit4) = all ]]
}

@test "apply puts bans and lists back when the sets were destroyed under it" {
  netns_add node
  echo 198.51.100.0/24 | node ipban load feed
  node ipban add 192.0.2.7
  start_apply
  ban_line 203.0.113.1 600 ',"direction":"out"' >&4
  ban_line 203.0.113.2 600 >&4
  wait_for_line "$OUT" 203.0.113.2
  kill -STOP "$SPAWNED"
  reboot
  kill -CONT "$SPAWNED"
  wait_until node ipban test 192.0.2.7 203.0.113.1 203.0.113.2 198.51.100.5
  wait_until node ipban status -q
  exec 4>&-
}

@test "apply fills sets that were flushed together with the rules" {
  netns_add node
  echo 198.51.100.0/24 | node ipban load feed
  start_apply
  ban_line 203.0.113.1 600 >&4
  wait_for_line "$OUT" 203.0.113.1
  node ipset flush
  run -1 node ipban status -q
  node nft flush ruleset
  wait_until node ipban status -q
  node ipban test 203.0.113.1 198.51.100.5
  exec 4>&-
}

@test "apply fills sets that were flushed after the rules" {
  netns_add node
  echo 198.51.100.0/24 | node ipban load feed
  start_apply
  ban_line 203.0.113.1 600 >&4
  wait_for_line "$OUT" 203.0.113.1
  node nft flush ruleset
  wait_for_line "$ERR" 'another program changed the rules'
  node ipset flush
  run -1 node ipban status -q
  wait_until node ipban status -q
  node ipban test 203.0.113.1 198.51.100.5
  exec 4>&-
}

@test "apply puts back a half of a list that was destroyed under it" {
  netns_add node
  printf '198.51.100.0/24\n2001:db8:5::/48\n' | node ipban load feed
  start_apply
  ban_line 203.0.113.2 600 >&4
  wait_for_line "$OUT" 203.0.113.2
  kill -STOP "$SPAWNED"
  node nft flush ruleset
  wait_until node ipset destroy xlimit.feed6
  # Bans don't wait for another process that loads lists.
  exec 5>>"$(echo "$STATE_DIRECTORY"/*lists.lock)"
  flock 5
  kill -CONT "$SPAWNED"
  wait_for_line "$ERR" 'put back what was lost: .*in use by another process'
  ban_line 203.0.113.3 600 >&4
  wait_for_line "$OUT" 203.0.113.3
  run -1 node ipban status -q
  exec 5>&-
  wait_until node ipban status -q
  run -0 node ipban test 198.51.100.5 2001:db8:5::9 203.0.113.3
  exec 4>&-
}

@test "what can not be remembered is said once, and banned all the same" {
  netns_add node
  run -0 node ipban add 192.0.2.1 -o plain --state /proc/nowhere
  [[ ${lines[0]} = "ipban: bans go on, but are not remembered: "*"/proc/nowhere': No such file or directory" ]]
  [[ $output = *"192.0.2.1  added"* ]]
  for i in {1..3}; do ban_line "192.0.2.$i" 60; done | node ipban apply --state /proc/nowhere >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
  [[ $(grep -c '"type":"banned"' "$BATS_TEST_TMPDIR/out") -eq 3 && $(grep -c nowhere "$BATS_TEST_TMPDIR/err") -eq 1 ]]
  node ipban add 192.0.2.9 --state none
  [[ ! -e $STATE_DIRECTORY ]]
}

@test "list tells why, and no stranger's text reaches the terminal raw" {
  netns_add node
  ban_line 192.0.2.1 600 ',"id":"0197","origin":"fi-1/session-detect","rule":"addresses","user":"a\u001b[31m","reason":"x\ny"' |
    node ipban apply >/dev/null
  node ipset add xlimit4 192.0.2.2 timeout 600
  [[ $(node ipban list -o plain | sed -n 1p) = '192.0.2.1  '*'  in  xlimit4  addresses  a\u001b[31m  fi-1/session-detect  x\ny' ]]
  [[ $(node ipban list -o plain | sed -n 2p) = '192.0.2.2  '*'  in  xlimit4  -  -  -  -' ]]
  node ipban list -o json | sed -n 1p | grep -qF '"id":"0197","origin":"fi-1/session-detect","rule":"addresses","user":"a\u001b[31m","reason":"x\ny"}'
  node ipban test 192.0.2.1 | grep -qF "(rule 'addresses', user 'a\u001b[31m', by 'fi-1/session-detect': x\ny)"
}

@test "restore fails when the journal is a link, and leaves alone what it leads to" {
  netns_add node
  local state=$BATS_TEST_TMPDIR/links
  mkdir "$state"
  echo theirs >"$BATS_TEST_TMPDIR/victim"
  ln -s "$BATS_TEST_TMPDIR/victim" "$state/xlimit.journal"
  run -69 node ipban restore --state "$state" </dev/null
  [[ $output = *"xlimit.journal"* ]]
  [[ $(<"$BATS_TEST_TMPDIR/victim") = theirs ]]
}

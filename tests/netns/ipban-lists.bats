# SPDX-License-Identifier: MIT
# Named lists against a real kernel: loaded, replaced under traffic, taken away.

load ../helpers
load node
bats_require_minimum_version 1.5.0

setup() {
  needs_netns
  needs ip ipset nft jq python3
}

wire() {
  netns_add node client
  netns_join node "192.0.2.1/24 2001:db8::1/64" client \
    "192.0.2.9/24 192.0.2.10/24 2001:db8::9/64 2001:db8::10/64"
}
field() { jq -r "$1" <<<"$2"; }

PROBE=$BATS_TEST_DIRNAME/passing.py
# start_traffic LISTED UNLISTED ADDRESS: the verdict will be in $VERDICT.
start_traffic() {
  VERDICT=$BATS_TEST_TMPDIR/verdict
  spawn_in node python3 "$PROBE" echo "$3" 7000 >"$BATS_TEST_TMPDIR/echo"
  wait_for_line "$BATS_TEST_TMPDIR/echo" ready
  spawn_in client python3 "$PROBE" probe "$1" "$2" "$3" 7000 >"$VERDICT"
  TRAFFIC=$SPAWNED
  wait_for_line "$VERDICT" going
}
end_traffic() {
  kill "$TRAFFIC"
  wait_for_line "$VERDICT" listed_sent
  tail -n 1 "$VERDICT"
}

# many COUNT SEED: that many prefixes, none of them around the addresses of the wire.
many() {
  awk -v count="$1" -v seed="$2" 'BEGIN {
    srand(seed)
    for (i = 0; i < count; i++)
      printf "%d.%d.%d.%d/%d\n", 1 + int(rand() * 126), rand() * 256, rand() * 256, rand() * 256, 20 + int(rand() * 13)
  }'
}

@test "a list is loaded, counted, replaced, shown and taken away" {
  netns_add node
  run -0 --separate-stderr node ipban load scanners -o json < <(printf '%s\n' 198.51.100.0/25 198.51.100.128/25 203.0.113.7 2001:db8:5::/48 nonsense)
  [[ $(field '"\(.list) \(.added) \(.removed) \(.unchanged) \(.invalid)"' "$output") = "scanners 3 0 0 1" ]]
  [[ $stderr = *"'nonsense'"* ]]
  run -0 node ipban load scanners -o json < <(printf '%s\n' 198.51.100.0/24 203.0.113.8)
  [[ $(field '"\(.added) \(.removed) \(.unchanged)"' "$output") = "1 2 1" ]]
  run -0 node ipban list scanners -o plain
  [[ $output = $'198.51.100.0/24\n203.0.113.8' ]]
  run -0 node ipban test 198.51.100.77
  [[ $output = *"198.51.100.0/24"*scanners* ]]
  run -1 node ipban test 2001:db8:5::1
  run -0 node ipban unload scanners
  run -1 node ipban test 198.51.100.77
  run -1 node ipban unload scanners
  [[ -z $(node ipset list -n | grep scanners) ]]
}

@test "what a load that was killed left behind goes with the list, the next load and teardown" {
  netns_add node
  local end
  for end in "teardown" "unload feed" "load feed"; do
    echo 198.51.100.0/24 | node ipban load feed
    node ipset create xlimit.feed4+ hash:net
    node ipset create xlimit.feed6+ hash:net family inet6
    node ipset create xlimit.other+4 hash:net
    echo 198.51.100.0/24 | node ipban $end
    run -0 node ipset list -n
    [[ $output = *xlimit.other+4* && $output != *feed?+* ]]
    node ipset destroy xlimit.other+4
  done
}

@test "NDJSON loads as text does: events, saved lists, and what list writes" {
  netns_add node
  run -0 --separate-stderr node ipban load a -o json <<'JSON'
{"type":"ban","time":"2026-06-01T12:00:00.000000Z","target":"198.51.100.7","seconds":60}
{"type":"list","time":"2026-06-01T12:00:00.000000Z","list":"x","direction":"in","targets":["203.0.113.0/25","203.0.113.128/25"]}
{"type":"list","time":"2026-06-01T12:00:00.000000Z","list":"x","direction":"in","targets":["198.51.100.9","garbage"]}
{"type":"access","user":"12345"}
not JSON
JSON
  [[ $(field '"\(.added) \(.invalid)"' "$output") = "2 3" ]]
  node ipban list a -o json | node ipban load b
  [[ $(node ipban list b -o plain) = $'198.51.100.7\n203.0.113.0/24' ]]
}

@test "the same list again changes nothing in the kernel" {
  netns_add node
  many 1000 1 >"$BATS_TEST_TMPDIR/list"
  node ipban load big <"$BATS_TEST_TMPDIR/list"
  spawn_in node nft monitor >"$BATS_TEST_TMPDIR/news"
  wait_until monitor_hears
  mark begin
  before=$(node ipset list xlimit.big4 -t; node nft -a list ruleset)
  run -0 node ipban load big -o json <"$BATS_TEST_TMPDIR/list"
  [[ $(field '"\(.added) \(.removed)"' "$output") = "0 0" ]]
  [[ $(node ipset list xlimit.big4 -t; node nft -a list ruleset) = "$before" ]]
  mark end
  sed -n '/ip begin$/,/ip end$/p' "$BATS_TEST_TMPDIR/news" >"$BATS_TEST_TMPDIR/between"
  cat "$BATS_TEST_TMPDIR/between"
  [[ $(cut -d' ' -f1-3 "$BATS_TEST_TMPDIR/between" | paste -sd,) = "add table ip,# new generation,add table ip" ]]
}
# mark NAME: a change that the monitor has told of.
mark() {
  node nft add table ip "$1"
  wait_for_line "$BATS_TEST_TMPDIR/news" "^add table ip $1\$"
}
monitor_hears() {
  node nft 'add table ip heard; delete table ip heard'
  [[ -s $BATS_TEST_TMPDIR/news ]]
}

@test "while a list of 100,000 is replaced, no packet of a listed address passes and none of another is dropped" {
  wire
  for seed in 1 2; do { many 100000 "$seed"; echo 192.0.2.9; } >"$BATS_TEST_TMPDIR/list$seed"; done
  node ipban load big <"$BATS_TEST_TMPDIR/list1"
  start_traffic 192.0.2.9 192.0.2.10 192.0.2.1
  for seed in 2 1 2 1 2; do node ipban load big <"$BATS_TEST_TMPDIR/list$seed"; done
  verdict=$(end_traffic)
  echo "$verdict"
  [[ $(field .listed_passed "$verdict") -eq 0 && $(field .unlisted_lost "$verdict") -eq 0 ]]
  [[ $(field .listed_sent "$verdict") -gt 100 && $(field .unlisted_sent "$verdict") -gt 100 ]]
}

@test "another list and bans come and go without a gap, over IPv6 too" {
  wire
  echo 2001:db8::9 | node ipban load first
  start_traffic 2001:db8::9 2001:db8::10 2001:db8::1
  many 1000 3 | node ipban load second
  node ipban add 203.0.113.77 --for 1h
  node ipban setup
  node ipban unload second
  verdict=$(end_traffic)
  echo "$verdict"
  [[ $(field .listed_passed "$verdict") -eq 0 && $(field .unlisted_lost "$verdict") -eq 0 ]]
}

@test "own addresses, peers and the allowlist are taken out of a list, their neighbours stay" {
  wire
  run -0 --separate-stderr node ipban load wide --allow 192.0.2.10 -o json < <(echo 192.0.2.0/24)
  [[ $(field .spared "$output") -gt 0 ]]
  run -1 node ipban test 192.0.2.1
  run -1 node ipban test 192.0.2.10
  run -0 node ipban test 192.0.2.9
  run -0 node ipban test 192.0.2.11
}

@test "an empty list, a page or a list of nonsense leaves the last one in force" {
  netns_add node
  echo 198.51.100.0/24 | node ipban load scanners
  for text in "" "<html><body>Not found</body></html>" "# all comments"; do
    run -65 node ipban load scanners <<<"$text"
    node ipban test 198.51.100.1
  done
  run -0 node ipban load scanners --allow-empty </dev/null
  run -1 node ipban test 198.51.100.1
}

@test "prefixes too wide for any list are skipped and said" {
  netns_add node
  run -0 --separate-stderr node ipban load wide -o json < <(printf '%s\n' 0.0.0.0/0 0.0.0.0/1 ::/0 198.51.100.0/24)
  [[ $stderr = *"3 prefixes are wider"* ]]
  [[ $(field .added "$output") = 1 ]]
}

@test "the whole of a family is asked for beside a list" {
  netns_add node
  printf '%s\n' 128.0.0.0/8 8000::/16 | node ipban load feed
  for target in 0.0.0.0/0 ::/0 0.0.0.0/1 ::/1; do
    run -1 node timeout "$DEADLINE" ipban test "$target"
    [[ $output = "$target is not banned" ]]
  done
  run -0 node ipban test 128.0.0.0/9
}

@test "a dry run makes no folder and no lock, and what it writes says so" {
  netns_add node
  local state=$BATS_TEST_TMPDIR/nowhere
  echo '{"permanent":["198.51.100.7"]}' >"$BATS_TEST_TMPDIR/old.json"
  echo 198.51.100.7 | node ipban load saved
  run -0 node ipban load feed --dry-run --state "$state" -o json <<<198.51.100.7
  [[ $(field '"\(.added) \(.dry_run)"' "$output") = "1 true" ]]
  run -0 node ipban import --dry-run --state "$state" -o json "$BATS_TEST_TMPDIR/old.json"
  [[ $(field '"\(.added) \(.dry_run)"' "$output") = "1 true" ]]
  node ipban unload saved --dry-run --state "$state"
  node ipban restore --dry-run --state "$state" < <(node ipban save)
  [[ ! -e $state ]]
  run -0 node ipban load feed -o json <<<198.51.100.7
  [[ $(field .dry_run "$output") = false ]]
  run -0 node ipban import -o json "$BATS_TEST_TMPDIR/old.json"
  [[ $(field .dry_run "$output") = false ]]
}

@test "neighbours as wide as a list may hold stay in it when what was written is loaded again" {
  netns_add node
  local wide=(2.0.0.0/8 3.0.0.0/8 2a00::/16 2a01::/16)
  printf '%s\n' "${wide[@]}" | blocklist-fetch merge | node ipban load feed
  [[ $(node ipban list feed -o plain) = $(printf '%s\n' "${wide[@]}") ]]
  run -0 --separate-stderr node ipban load feed -o json < <(node ipban list feed -o json)
  [[ $(field '"\(.added) \(.removed) \(.unchanged) \(.too_wide)"' "$output") = "0 0 4 0" && -z $stderr ]]
  run -0 --separate-stderr node ipban restore -o json < <(node ipban save)
  [[ $(field '"\(.refused) \(.lists)"' "$output") = "0 0" && -z $stderr ]]
  # Kept by an older ipban, which joined them.
  printf '%s\n' 2.0.0.0/7 2a00::/15 >"$STATE_DIRECTORY"/*feed.in.list
  reboot
  node ipban restore </dev/null
  [[ $(node ipban list feed -o plain) = $(printf '%s\n' "${wide[@]}") ]]
  run -0 node ipban status
}

@test "a list of direction out cuts what goes to it" {
  wire
  start_traffic 192.0.2.10 192.0.2.9 192.0.2.1
  echo 192.0.2.10 | node ipban load exfil --direction out
  wait_until dropped_by exfil
  run -0 node ipban test 192.0.2.10
  run -1 node ipban unload exfil
  run -0 node ipban unload exfil --direction out
  end_traffic
}
dropped_by() { [[ $(node ipban status -o json | jq -r "select(.list == \"$1\") | .dropped_packets" | sort -n | tail -n 1) -gt 0 ]]; }

@test "after the ruleset was flushed status says so of lists too, and setup mends it" {
  wire
  echo 192.0.2.9 | node ipban load scanners
  run -0 node ipban status
  node nft flush ruleset
  run -1 --separate-stderr node ipban status
  [[ $stderr = *"xlimit.scanners4"* ]]
  node ipban setup
  run -0 node ipban status
  node ipset list -t xlimit.scanners4 | grep -q 'References: 1'
}

@test "list names that the kernel could not hold are refused" {
  netns_add node
  for name in 4a 'a b' a.b "$(printf 'a%.0s' {1..20})"; do run -64 node ipban load "$name" <<<198.51.100.1; done
}

@test "who loads at once comes one after another" {
  local number
  netns_add node
  for number in 30 50; do
    awk -v n="$number" 'BEGIN { for (i = 0; i < 60000; i++) printf "%d.%d.%d.%d\n", n, int(i / 32768), int(i / 128) % 256, i % 128 * 2 }' \
      >"$BATS_TEST_TMPDIR/$number"
  done
  for _ in {1..3}; do
    spawn_in node ipban load feed -q "$BATS_TEST_TMPDIR/30"
    node ipban load feed -q "$BATS_TEST_TMPDIR/50"
    wait "$SPAWNED"
    node ipban list feed -o plain >"$BATS_TEST_TMPDIR/got"
    [[ $(wc -l <"$BATS_TEST_TMPDIR/got") -eq 60000 && $(cut -d. -f1 "$BATS_TEST_TMPDIR/got" | sort -u | wc -l) -eq 1 ]]
  done
}

@test "a list that could not be loaded is not there, one that was there stays" {
  netns_add node
  node ipban setup
  # What a list is filled into is in use by somebody else.
  node ipset create xlimit.feed6+ hash:net family inet6
  node ipset create holder list:set
  node ipset add holder xlimit.feed6+
  run -71 node ipban load feed <<<$'2001:db8:5::7'
  [[ $output = *"'xlimit.feed6+'"* ]]
  run -1 node ipban list feed
  run -0 node ipban status
  node ipset flush holder
  node ipban load feed <<<$'2001:db8:5::7'
  node ipset create xlimit.feed6+ hash:net family inet6
  node ipset add holder xlimit.feed6+
  run -71 node ipban load feed <<<$'2001:db8:5::8'
  [[ $(node ipban list feed -o plain) = 2001:db8:5::7 ]]
}

@test "a list that was loaded and is not in the kernel is no enforcement" {
  netns_add node
  printf '198.51.100.7\n2001:db8:5::7\n' | node ipban load feed
  node ipban status -q
  node nft flush ruleset
  wait_until node ipset destroy xlimit.feed6
  node ipban setup
  run -1 --separate-stderr node ipban status
  [[ $stderr = *"'xlimit.feed6': the set is missing, and with it the list; 'ipban restore' puts it back"* ]]
  node ipban restore -o json </dev/null | grep -q '"lists":1'
  run -0 node ipban status
  [[ $(node ipban list feed -o plain | paste -sd' ') = "198.51.100.7 2001:db8:5::7" ]]
  node ipban unload feed
  run -0 node ipban status
}

# by_hand VERB SET [ENTRY]: flush, or delete, behind ipban's back.
by_hand() {
  local set
  if node ipset list -n "$2" 2>/dev/null; then
    node ipset "${1/delete/del}" "${@:2}"
  else
    set=$(node nft list sets | sed -n "s/.*set \($2[^ ]*\) {/\1/p")
    if [[ $# -eq 2 ]]; then
      node nft "$1" set ip xlimit "$set"
    else
      node nft "$1" element ip xlimit "$set" "{ $3 }"
    fi
  fi
}

@test "what may not be listed now is not missed, and only when something lacks the allowlist is read" {
  netns_add node
  printf '198.51.100.7\n2001:db8:5::7\n' | node ipban load feed
  run -0 node ipban status --allow "$BATS_TEST_TMPDIR/nowhere" --widest4 33
  by_hand flush xlimit.feed4
  run -1 node ipban status
  run -69 node ipban status --allow "$BATS_TEST_TMPDIR/nowhere"
  run -0 node ipban status --allow 198.51.100.7
  by_hand flush xlimit.feed6
  run -1 node ipban status --allow 198.51.100.7
  [[ $output != *feed4\'* && $output = *"'xlimit.feed6': the set was emptied"* ]]
  node ip address add 2001:db8:5::7/128 dev lo
  run -0 node ipban status --allow 198.51.100.7
  node ipban restore --allow 198.51.100.7 -o json </dev/null | grep -q '"refused":0,"lists":0'
  node ipban restore -o json </dev/null | grep -q '"lists":1'
  run -0 node ipban status
}

@test "a list that was emptied by hand, or lost an entry, is filled again" {
  netns_add node
  printf '198.51.100.7\n198.51.100.9\n' >"$BATS_TEST_TMPDIR/list"
  load_again() { node ipban load feed -o json "$BATS_TEST_TMPDIR/list" | jq -c '[.added, .removed, .unchanged]'; }
  node ipban load feed "$BATS_TEST_TMPDIR/list"
  by_hand flush xlimit.feed4
  run -1 node ipban status
  [[ $output = *"'xlimit.feed4': the set was emptied; 'ipban restore' fills it"* ]]
  node ipban restore -o json </dev/null | grep -q '"lists":1'
  run -0 node ipban status
  by_hand flush xlimit.feed4
  [[ $(load_again) = '[2,0,0]' ]]
  by_hand delete xlimit.feed4 198.51.100.9
  [[ $(load_again) = '[1,0,1]' ]]
  run -0 node ipban test 198.51.100.7 198.51.100.9
  [[ $(load_again) = '[0,0,2]' ]]
}

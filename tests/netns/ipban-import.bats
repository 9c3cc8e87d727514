# SPDX-License-Identifier: MIT
# What a monitoring panel's node has blocked is taken over.

load ../helpers
load node
bats_require_minimum_version 1.5.0

# The sets as the node makes them.
node_sets() {
  node ipset create blocklist_permanent hash:net family inet hashsize 4096 maxelem 1000000
  node ipset create blocklist_temp hash:net family inet hashsize 4096 maxelem 1000000 timeout 600
  node ipset create blocklist_out_permanent hash:net family inet hashsize 4096 maxelem 1000000
  node ipset create blocklist_out_temp hash:net family inet hashsize 4096 maxelem 1000000 timeout 600
  node iptables -I INPUT -m set --match-set blocklist_permanent src -j DROP
  node iptables -I INPUT -m set --match-set blocklist_temp src -j DROP
  node ipset add blocklist_permanent 203.0.113.0/24
  node ipset add blocklist_temp 203.0.114.1
}

@test "a monitoring node is taken over with its own sets, and nothing passes meanwhile" {
  needs iptables
  netns_add node
  node_sets
  echo '{"temp_timeout": 600, "in_permanent": ["203.0.113.0/24", "198.51.100.7", "1.2.3.4/24", "banana"],
         "out_permanent": ["192.0.2.0/24"], "in_allow": ["198.51.100.7"], "out_allow": []}' >"$BATS_TEST_TMPDIR/blocklist.json"
  spawn_in node bash -c 'while ipset test blocklist_permanent 203.0.113.9 2>/dev/null; do :; done; echo gap'
  local watcher=$SPAWNED
  run -0 node ipban import --set blocklist "$BATS_TEST_TMPDIR/blocklist.json" -o table
  echo "$output"
  [[ $output = *"ipban: 1 entries are no address or prefix, the first 'banana', skipped"* ]]
  [[ $output = *"list 'permanent', direction in: 1 added, 0 removed, 1 unchanged"* ]]
  [[ $output = *"list 'permanent', direction out: 1 added, 0 removed, 0 unchanged"* ]]
  [[ $output = *"allow 198.51.100.7"* ]]
  for _ in {1..5}; do node ipban import --set blocklist "$BATS_TEST_TMPDIR/blocklist.json" -q; done
  kill -0 "$watcher"
  node ipban test --set blocklist 203.0.113.9 1.2.3.9 203.0.114.1 192.0.2.9
  run -1 node ipban test --set blocklist 198.51.100.7
  # Its temporary bans are ours to extend, its rules still stand, and the permanent list is remembered.
  node ipban add --set blocklist 203.0.114.1 --for 1h
  [[ $(node iptables -S INPUT | grep -c blocklist_) -eq 2 ]]
  node ipban status --set blocklist -q
  reboot
  node ipban restore --set blocklist </dev/null
  node ipban test --set blocklist 203.0.113.9 1.2.3.9 203.0.114.1 192.0.2.9
}

@test "the oldest node's file becomes our own list, and what is no such file is refused" {
  netns_add node
  echo '{"permanent": ["203.0.113.0/24"]}' >"$BATS_TEST_TMPDIR/old.json"
  run -0 node ipban import --dry-run -o table "$BATS_TEST_TMPDIR/old.json"
  [[ $output = "would change list 'permanent', direction in: 1 added, 0 removed, 0 unchanged" ]]
  node ipban import "$BATS_TEST_TMPDIR/old.json"
  [[ $(node ipban list permanent -o plain) = 203.0.113.0/24 ]]
  for text in '[]' '{"a":1}' '{"in_permanent":7}' '{"permanent":["1.2.3.4"]' ''; do
    echo "$text" >"$BATS_TEST_TMPDIR/wrong.json"
    run -65 node ipban import "$BATS_TEST_TMPDIR/wrong.json"
  done
  [[ $(node ipban list permanent -o plain) = 203.0.113.0/24 ]]
}

@test "what the node allows is written out also where it blocks nothing" {
  netns_add node
  echo '{"in_permanent": [], "in_allow": ["10.0.0.0/8"], "out_allow": ["192.0.2.7"]}' >"$BATS_TEST_TMPDIR/allowed.json"
  run -0 --separate-stderr node ipban import -o json "$BATS_TEST_TMPDIR/allowed.json"
  [[ $output = '{"type":"allow","target":"10.0.0.0/8","direction":"in"}
{"type":"allow","target":"192.0.2.7","direction":"out"}' ]]
  [[ $stderr = *"--allow"* ]]
}

@test "an import that waits for another process takes nothing out that came meanwhile" {
  netns_add node
  local state=$BATS_TEST_TMPDIR/own number
  for number in 1 2; do echo "{\"permanent\": [\"198.51.100.$number\"]}" >"$BATS_TEST_TMPDIR/$number.json"; done
  node ipban import --state "$state" "$BATS_TEST_TMPDIR/1.json"
  exec 5>"$state/xlimit.lists.lock"
  flock 5
  spawn_in node ipban import --state "$state" "$BATS_TEST_TMPDIR/2.json" 5>&-
  wait_until waits_for lists.lock
  node ipset add xlimit.permanent4 198.51.100.77
  flock -u 5
  wait "$SPAWNED"
  [[ $(node ipban list permanent -o plain | paste -sd' ') = "198.51.100.1 198.51.100.2 198.51.100.77" ]]
}
waits_for() { find "/proc/$SPAWNED/fd" -lname "*$1" | grep -q .; }

# SPDX-License-Identifier: MIT
# sockkill against a real kernel: who dies, who lives, and what is never touched.

bats_require_minimum_version 1.5.0
load ../helpers
load hold

setup() {
  needs_netns
  needs ip setpriv
  hold_up 2001:db8:7::8/128
  hold connect bad4 3 203.0.113.7 192.0.2.1 443
  bad_ports=${answer#ok }
  hold connect bad4plain 2 203.0.113.7 192.0.2.1 80
  hold connect bad6 2 2001:db8:7::7 2001:db8::1 443
  hold connect good4 2 203.0.113.8 192.0.2.1 443
  good_ports=${answer#ok }
  hold connect good6 2 2001:db8:8::8 2001:db8::1 443
}

# fate NAME ALIVE RESET: waited for, because a reset travels.
fate() { wait_until fate_is "$@" || { hold state "$1"; echo "$1: $answer, not $2 $3 0"; return 1; }; }
fate_is() { hold state "$1" && [[ $answer = "$2 $3 0" ]]; }

listeners_live() {
  hold connect fresh 1 203.0.113.8 192.0.2.1 443
  hold connect fresh 1 203.0.113.8 192.0.2.1 80
  hold connect fresh 1 2001:db8:8::8 2001:db8::1 443
}

nobody() { in_netns node setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }

banned() {  # TARGET [PORTS]
  printf '{"type":"banned","time":"2026-06-01T12:00:00.000000Z","id":"1","origin":"n/t","target":"%s","seconds":60,"direction":"in",%s"result":"added","set":"xlimit"}\n' \
    "$1" "${2:+\"ports\":[$2],}"
}

@test "an IPv4 address loses its sockets on both kinds of listeners, and nobody else does" {
  run -0 in_netns node sockkill dst 203.0.113.7
  [ "${#lines[@]}" -eq 5 ]
  fate bad4 0 3
  fate bad4plain 0 2
  fate bad6 2 0
  fate good4 2 0
  fate good6 2 0
  listeners_live
}

@test "an IPv6 prefix loses its sockets" {
  run -0 in_netns node sockkill dst 2001:db8:7::/64
  [ "${#lines[@]}" -eq 2 ]
  fate bad6 0 2
  fate good6 2 0
  fate bad4 3 0
  listeners_live
}

@test "a port narrows the filter" {
  run -0 in_netns node sockkill dst 203.0.113.7 sport = :80
  fate bad4plain 0 2
  fate bad4 3 0
}

@test "nothing matched is exit 1" {
  run -1 in_netns node sockkill dst 198.51.100.1
  [ -z "$output" ]
  run -1 in_netns node sockkill list dst 198.51.100.1
}

@test "everything needs --all, and even then the listeners live" {
  run -64 in_netns node sockkill
  [[ $output = *--all* ]]
  run -64 in_netns node sockkill dst 0.0.0.0/0
  run -64 in_netns node sockkill state all
  fate good4 2 0
  run -0 in_netns node sockkill --all
  fate good4 0 2
  fate bad6 0 2
  listeners_live
}

@test "listening sockets are refused by name" {
  run -64 in_netns node sockkill state listening
  run -64 in_netns node sockkill --all state listening
  [ "$output" = "sockkill: filter: listening and closed sockets are never destroyed" ]
  run -0 in_netns node sockkill sport = :443 state all
  listeners_live
}

@test "--dry-run and list destroy nothing" {
  run -0 in_netns node sockkill --dry-run dst 203.0.113.7
  [ "${#lines[@]}" -eq 5 ]
  run -0 in_netns node sockkill list dst 203.0.113.7
  [ "${#lines[@]}" -eq 5 ]
  banned 203.0.113.7 "${bad_ports// /,}" >"$BATS_TEST_TMPDIR/in"
  in_netns node sockkill apply --dry-run <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
  cmp "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/out"
  [ "$(<"$BATS_TEST_TMPDIR/err")" = "sockkill: 203.0.113.7: 5 sockets would be destroyed" ]
  fate bad4 3 0
}

@test "a connected UDP socket dies, an unconnected one never" {
  hold udp peer 192.0.2.1 4000 203.0.113.7 53
  hold udp shared 192.0.2.1 8388 - 0
  run -0 in_netns node sockkill dst 203.0.113.7
  [[ $output = *"udp established 192.0.2.1:4000 203.0.113.7:53"* ]]
  fate peer 0 1
  fate shared 1 0
  run -0 in_netns node sockkill --all
  fate shared 1 0
}

@test "apply passes everything else on in order and says what died" {
  local in=$BATS_TEST_TMPDIR/in out=$BATS_TEST_TMPDIR/out
  {
    echo '{"type":"access","time":"x"}'
    echo noise
    banned 203.0.113.7 "${bad_ports// /,}"
    echo '{"type":"something","else":1}'
    banned 2001:db8:7::/64
    banned 198.51.100.1
  } >"$in"
  in_netns node sockkill apply --node n <"$in" >"$out"
  grep -v '"type":"killed"' "$out" | cmp - "$in"
  run -0 grep '"type":"killed"' "$out"
  [[ ${lines[0]} = *'"node":"n","target":"203.0.113.7","sockets":5,"left":0}' ]]
  [[ ${lines[1]} = *'"target":"2001:db8:7::/64","sockets":2,"left":0}' ]]
  [[ ${lines[2]} = *'"target":"198.51.100.1","sockets":0,"left":0}' ]]
  fate bad4 0 3
  fate bad4plain 0 2
  fate bad6 0 2
  fate good4 2 0
  fate good6 2 0
  listeners_live
}

suspect() {  # TARGET PORTS
  printf '{"type":"suspect","time":"2026-06-01T12:00:00.000000Z","target":"%s","user":"ann","ports":[%s]}\n' "$@"
}

# The applier, with its input kept open in $pipe.
apply() {
  mkfifo "$BATS_TEST_TMPDIR/in"
  # shellcheck disable=SC2016  # for the inner shell
  spawn bash -c 'exec "${@:2}" <"$1/in" >"$1/out"' _ "$BATS_TEST_TMPDIR" ip netns exec "$(netns_name node)" "$@" sockkill apply
  exec {pipe}>"$BATS_TEST_TMPDIR/in"
}

@test "a suspect goes no further and costs nobody anything until he is banned" {
  local out=$BATS_TEST_TMPDIR/out
  apply
  suspect 203.0.113.7 "${bad_ports// /,}" >&"$pipe"
  suspect 203.0.113.8 1,2 >&"$pipe"
  banned 198.51.100.1 >&"$pipe"
  wait_for_line "$out" '"type":"killed"'
  fate bad4 3 0
  banned 203.0.113.7 "${bad_ports// /,}" >&"$pipe"
  wait_for_line "$out" '"target":"203.0.113.7","sockets":5,"left":0}'
  run ! grep suspect "$out"
  fate bad4 0 3
  fate bad4plain 0 2
  fate bad6 2 0
  fate good4 2 0
  listeners_live
}

@test "what a suspect named is destroyed before anything is looked up" {
  needs strace
  local out=$BATS_TEST_TMPDIR/out trace=$BATS_TEST_TMPDIR/trace
  apply strace -qq -x -e trace=sendto -o "$trace"
  # With a port that is none, and one that ends before the ban.
  suspect 203.0.113.7 "1,${bad_ports// /,}" >&"$pipe"
  banned 198.51.100.1 >&"$pipe"
  wait_for_line "$out" '"type":"killed".*"target":"198.51.100.1"'
  in_netns node sockkill dst 203.0.113.7:"${bad_ports%% *}" >/dev/null
  # What was to be looked up was so with the latest of the lines.
  suspect 198.51.100.2 1 >&"$pipe"
  banned 198.51.100.3 >&"$pipe"
  wait_for_line "$out" '"type":"killed".*"target":"198.51.100.3"'
  local before
  before=$(wc -l <"$trace")
  banned 203.0.113.7 "1,${bad_ports// /,}" >&"$pipe"
  wait_for_line "$out" '"target":"203.0.113.7","sockets":4,"left":0}'
  # SOCK_DESTROY, include/uapi/linux/sock_diag.h; then the two ports that were not destroyed.
  run -0 tail -n "+$((before + 1))" "$trace"
  [[ ${lines[0]} = *SOCK_DESTROY* && ${lines[0]} != *SOCK_DIAG_BY_FAMILY* && ${lines[1]} = *SOCK_DIAG_BY_FAMILY* ]]
  exec {pipe}>&-
}

@test "connections are destroyed before ports that are gone are looked up everywhere" {
  needs strace
  local out=$BATS_TEST_TMPDIR/out trace=$BATS_TEST_TMPDIR/trace
  apply strace -qq -x -e trace=sendto -o "$trace"
  # Where 203.0.113.7 is connected is asked first from here on.
  banned 203.0.113.7 "${bad_ports%% *}" >&"$pipe"
  wait_for_line "$out" '"type":"killed".*"target":"203.0.113.7"'
  local before
  before=$(wc -l <"$trace")
  banned 203.0.113.8 "1,2,3,4,5,${good_ports// /,}" >&"$pipe"
  wait_for_line "$out" '"target":"203.0.113.8","sockets":2,"left":0}'
  run -0 tail -n "+$((before + 1))" "$trace"
  [[ ${lines[0]} = *SOCK_DIAG_BY_FAMILY* && ${lines[1]} = *SOCK_DESTROY* && ${lines[2]} = *SOCK_DIAG_BY_FAMILY* ]]
  exec {pipe}>&-
}

@test "a port that is gone costs nobody anything" {
  banned 203.0.113.8 1,2,3 | in_netns node sockkill apply >"$BATS_TEST_TMPDIR/out"
  fate good4 0 2
  banned 203.0.113.8 1,2,3,65535 | in_netns node sockkill apply >"$BATS_TEST_TMPDIR/out"
  listeners_live
  fate good6 2 0
}

@test "many targets at once are swept together" {
  {
    for i in {1..300}; do banned "198.51.100.$((i % 250))"; done
    banned 203.0.113.0/29
    banned 203.0.113.7
    banned 2001:db8:7::7
  } >"$BATS_TEST_TMPDIR/in"
  in_netns node sockkill apply <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out"
  fate bad4 0 3
  fate bad6 0 2
  fate good4 2 0
  grep -q '"target":"203.0.113.7","sockets":5,"left":0' "$BATS_TEST_TMPDIR/out"
  [ "$(grep -c '"type":"killed"' "$BATS_TEST_TMPDIR/out")" -eq 303 ]
}

@test "apply answers line by line while its input stays open" {
  mkfifo "$BATS_TEST_TMPDIR/in"
  # shellcheck disable=SC2016  # for the inner shell
  spawn bash -c 'exec "${@:2}" <"$1/in" >"$1/out"' _ "$BATS_TEST_TMPDIR" \
    ip netns exec "$(netns_name node)" sockkill apply
  exec {pipe}>"$BATS_TEST_TMPDIR/in"
  banned 203.0.113.7 >&"$pipe"
  wait_for_line "$BATS_TEST_TMPDIR/out" '"target":"203.0.113.7","sockets":5,"left":0'
  hold listen 192.0.2.1 8443
  hold connect late 1 203.0.113.7 192.0.2.1 8443
  banned 203.0.113.7 "${answer#ok }" >&"$pipe"
  wait_for_line "$BATS_TEST_TMPDIR/out" '"target":"203.0.113.7","sockets":1,"left":0'
  fate late 0 1
  exec {pipe}>&-
  wait_gone "$SPAWNED"
}

@test "what a killed apply had not swept is swept by the next one" {
  local round i
  # shellcheck disable=SC2016  # for the inner shell
  local apply=(bash -c 'exec "$@" <in >>out' _ ip netns exec "$(netns_name node)" sockkill apply)
  cd "$BATS_TEST_TMPDIR"
  mkfifo in
  exec 6<>in
  : >out
  hold connect crowd 900 203.0.113.8 192.0.2.1 443  # for a longer walk
  for round in {1..10}; do
    spawn "${apply[@]}"
    for i in {1..6}; do banned "198.51.$round.$i"; done >events
    cat events >&6
    # Without a breath: it must die before it is through.
    SECONDS=0
    until grep -qF "\"198.51.$round.1\"" out || [[ $SECONDS -gt $DEADLINE ]]; do :; done
    kill -KILL "$SPAWNED"
    wait "$SPAWNED" || :
  done
  banned 203.0.113.7 >&6
  spawn "${apply[@]}"
  wait_for_line out '"killed".*"203.0.113.7"'
  for round in {1..10}; do
    for i in {1..6}; do grep -q "\"killed\".*\"198.51.$round.$i\"" out; done
  done
}

@test "without CAP_NET_ADMIN killing is refused, looking is not" {
  run -77 nobody sockkill dst 203.0.113.7
  [ "$output" = "sockkill: destroy sockets: Operation not permitted" ]
  run -77 nobody sockkill apply </dev/null
  [ "$output" = "sockkill: destroy sockets: Operation not permitted" ]
  run -0 nobody sockkill list dst 203.0.113.7
  [ "${#lines[@]}" -eq 5 ]
  run -0 nobody sockkill --dry-run dst 203.0.113.7
  run -0 nobody sockkill apply --dry-run </dev/null
  fate bad4 3 0
}

@test "a closed pipe behind it ends apply quietly, and the target's sockets are gone all the same" {
  run -0 bash -c 'set -o pipefail; "$@" | :' _ ip netns exec "$(netns_name node)" sockkill apply < <(banned 203.0.113.7)
  [ -z "$output" ]
  fate bad4 0 3
}

@test "apply leaves targets alone that are wider than any ban" {
  local in=$BATS_TEST_TMPDIR/in target
  for target in 0.0.0.0/0 ::/0 203.0.0.0/15 2001:db8::/31; do
    banned "$target" 443
  done >"$in"
  in_netns node sockkill apply <"$in" 2>"$BATS_TEST_TMPDIR/err" | cmp - "$in"
  [[ $(<"$BATS_TEST_TMPDIR/err") = \
    $'sockkill: target refused: \'0.0.0.0/0\': wider than /16 or /32\nsockkill: target refused (3 more)' ]]
  fate bad4 3 0
  fate good6 2 0
}

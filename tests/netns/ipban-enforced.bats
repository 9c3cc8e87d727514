# SPDX-License-Identifier: MIT
# Does status say what packets say? Whatever others do to rules, in both families.

load ../helpers
load node
bats_require_minimum_version 1.5.0

CLIENTS=([4]=192.0.2.9 [6]=2001:db8::9)
SERVERS=([4]=192.0.2.1 [6]=2001:db8::1)

setup() {
  needs_netns
  needs ip ipset nft iptables ip6tables
  netns_add node client
  netns_join node "${SERVERS[4]}/24 ${SERVERS[6]}/64" client "${CLIENTS[4]}/24 ${CLIENTS[6]}/64"
  spawn_in node "$BUILD/tests/bin/web"
  wait_until in_netns client timeout 5 bash -c "$PAGE" "${SERVERS[4]}"
}

table() { if [[ $1 = 4 ]]; then echo ip xlimit; else echo ip6 xlimit; fi; }
nft_rule() { node nft "$1" rule $(table "$2") prerouting "${@:3}"; }  # VERB FAMILY RULE...

# What becomes of a request of the banned client: a page, or its packets are counted by a rule of ours.
PAGE='exec 3<>"/dev/tcp/$0/80" && printf "GET / HTTP/1.1\r\n\r\n" >&3 && grep hello <&3'
dropped() { node ipban status -q -o json | sed -n "s/.*\"set\":\"xlimit$1\",.*\"dropped_packets\":\([0-9]*\).*/\1/p"; }
is_decided() { [[ -s $BATS_TEST_TMPDIR/page || $(dropped "$1") -gt $2 ]]; }
fate() { # FAMILY
  local before
  before=$(dropped "$1")
  spawn_in client timeout 20 bash -c "$PAGE" "${SERVERS[$1]}" >"$BATS_TEST_TMPDIR/page" 2>/dev/null
  wait_until is_decided "$1" "$before" || return
  kill "$SPAWNED" 2>/dev/null
  if [[ -s $BATS_TEST_TMPDIR/page ]]; then echo passes; else echo dropped; fi
}

# agree WANTED FAMILY: what becomes of packets is as wanted, and status knows.
agree() {
  local fate rc=0
  fate=$(fate "$2")
  node ipban status -q >/dev/null || rc=$?
  [[ $fate = "$1" && $rc -eq $([[ $1 = dropped ]]; echo $?) ]] || { echo "IPv$2 $fate, status $rc"; return 1; }
}

# Its rules are in place, and it listens.
start_keeping() {
  start_apply
  APPLY=$SPAWNED
  echo '{"type":"metrics","time":"2026-06-01T12:00:00Z"}' >&4
  wait_for_line "$OUT" metrics
}

@test "a dormant table enforces nothing until setup or apply wakes it, with its counters" {
  local family counted
  node ipban add "${CLIENTS[@]}" >/dev/null
  for family in 4 6; do
    agree dropped "$family"
    counted=$(dropped "$family")
    node nft add table $(table "$family") '{ flags dormant; }'
    agree passes "$family"
    run -1 --separate-stderr node ipban status
    [[ $stderr = "ipban: set 'xlimit$family': its table is dormant" ]]
    [[ $(node ipban setup --dry-run) = "would wake table '$(table "$family")'" ]]
    node ipban setup
    agree dropped "$family"
    [[ $(dropped "$family") -gt $counted ]]
  done
  start_keeping
  node nft add table ip xlimit '{ flags dormant; }'
  wait_until node ipban status
  agree dropped 4
  exec 4>&-
}

@test "status knows which rules before ours let packets by" {
  local family rule
  node ipban add "${CLIENTS[@]}" >/dev/null
  for family in 4 6; do
    node nft add chain $(table "$family") side '{ counter accept; }'
    for rule in accept return 'meta l4proto tcp counter accept' 'jump side' 'tcp dport vmap { 80 : accept }'; do
      nft_rule insert "$family" "$rule"
      agree passes "$family" || { echo "$rule"; return 1; }
      node ipban setup
      agree dropped "$family"
    done
    for rule in counter notrack 'log limit rate 1/second' 'tcp dport 22 drop' 'meta mark set 7' 'tcp dport { 22, 443 } counter'; do
      nft_rule insert "$family" "$rule"
      agree dropped "$family" || { echo "$rule"; return 1; }
    done
    nft_rule add "$family" accept
    agree dropped "$family"
  done
}

@test "rules in other tables that accept let nobody by" {
  local family tables
  node ipban add "${CLIENTS[@]}" >/dev/null
  for tables in iptables ip6tables; do
    node "$tables" -I INPUT 1 -j ACCEPT
    node "$tables" -t raw -I PREROUTING 1 -j ACCEPT
  done
  node nft add table inet early
  node nft add chain inet early first '{ type filter hook prerouting priority -400; policy accept; }'
  node nft add rule inet early first accept
  for family in 4 6; do agree dropped "$family"; done
}

@test "apply puts its rules first again, and says so once" {
  local family
  node ipban add "${CLIENTS[@]}" >/dev/null
  start_keeping
  for family in 4 6; do
    nft_rule insert "$family" accept
    wait_until node ipban status
    agree dropped "$family"
  done
  [[ $(<"$ERR") = "ipban: another program changed the rules, undone: put rules into chain 'prerouting' of table 'ip xlimit'" ]]
  exec 4>&-
}

@test "with a program that insists apply keeps the peace, and wins in the end" {
  node ipban add "${CLIENTS[@]}" >/dev/null
  start_keeping
  for _ in {1..100}; do nft_rule insert 4 accept; done
  wait_until node ipban status
  agree dropped 4
  exec 4>&-
  wait_gone "$APPLY"
  # The first time, and the count of the others that is said at the end.
  cat "$ERR"
  [[ $(wc -l <"$ERR") -le 2 ]]
  local more
  more=$(sed -n 's/.*(\([0-9]*\) more)$/\1/p' "$ERR")
  [[ ${more:-0} -lt 50 ]]
}

#!/bin/bash
# SPDX-License-Identifier: MIT
# sockkill beside ss(8): one address among many sockets destroyed, and how soon one client sees its reset.
#
#   sockkill.sh        SOCKETS=50000 ROUNDS=3 TRIALS=300 as environment; needs root, for a network namespace
#
# Times are printed and not judged; the exit code is 1 when a socket survived, an innocent one died or a listener
# went deaf.
set -euo pipefail
if [[ ${1:-} != inside ]]; then
  [[ $EUID -eq 0 ]] || { echo "sockkill.sh: needs root, for a network namespace" >&2; exit 77; }
  exec unshare -n -- "$0" inside
fi

build=${XLIMIT_BUILD:-$(cd "$(dirname "$0")/../.." && pwd)/build}
export PATH=$build/bin:$build/tests/bin:$PATH
SOCKETS=${SOCKETS:-50000} ROUNDS=${ROUNDS:-3} TRIALS=${TRIALS:-300}
rc=0

ip link set lo up
ip address add 192.0.2.1/32 dev lo
for ((i = 1; i <= 2 * ROUNDS; i++)); do ip address add "203.0.113.$i/32" dev lo; done

# Milliseconds that CMD takes; its output is thrown away.
milliseconds() {
  local begin=${EPOCHREALTIME/[.,]/} end
  "$@" >/dev/null 2>&1 || :
  end=${EPOCHREALTIME/[.,]/}
  printf '%d.%d' $(((end - begin) / 1000)) $(((end - begin) / 100 % 10))
}

# look ADDRESS: asks the crowd what happened to that address's clients.
look() {
  local address reset alive others deaf
  echo "$1" >&"${crowd[1]}"
  read -r address reset alive others deaf <&"${crowd[0]}"
  echo "$reset of $((reset + alive)) reset, $others others, $deaf listeners deaf"
  [[ $alive -eq 0 && $others -eq 0 && $deaf -eq 0 ]]
}

addresses() {
  local i
  for ((i = 1; i <= 2 * ROUNDS; i++)); do echo "203.0.113.$i"; done
}

start_crowd() {
  local ready
  # shellcheck disable=SC2046 # one word an address
  coproc crowd { crowd --sockets "$SOCKETS" --processes "$((SOCKETS / 9000 + 1))" $(addresses); }
  read -r ready <&"${crowd[0]}"
  [[ $ready = ready ]]
}

destroy_one_of_many() {
  local round tool took address
  echo "One address of $((2 * ROUNDS)) among $SOCKETS connections ($((2 * SOCKETS)) sockets) destroyed, in ms"
  for ((round = 1; round <= ROUNDS; round++)); do
    for tool in "sockkill" "ss -Knt"; do
      address=203.0.113.$((2 * round - (${#tool} > 7 ? 1 : 0)))
      # shellcheck disable=SC2086 # a program and its options
      took=$(milliseconds $tool dst "$address")
      printf '%-44s %8s   ' "$tool dst $address" "$took"
      look "$address" || rc=1
    done
  done
}

reset_one() {
  local label mode took
  echo "From the banned line to ECONNRESET at the client$1, in ms"
  printf '%-44s %8s %8s %8s %8s\n' '' p50 p90 p99 max
  while read -r mode label; do
    took=$(kill_latency --mode "$mode" --clients "$clients" --trials "$TRIALS") || rc=1
    # shellcheck disable=SC2086 # four numbers
    printf '%-44s %8s %8s %8s %8s\n' "$label" $took
  done <<'MODES'
exact sockkill apply, port known
sweep sockkill apply, port unknown
ss ss -K, started for it
MODES
}

clients=xlk$$
ip netns add "$clients"
trap 'ip netns del "$clients"' EXIT
ip link add to-clients type veth peer name to-node netns "$clients"
ip link set to-clients up
ip route add 203.0.113.200/32 dev to-clients
ip -n "$clients" address add 203.0.113.200/32 dev to-node
ip -n "$clients" link set to-node up
ip -n "$clients" route add 192.0.2.1/32 dev to-node
reset_one ""
start_crowd
reset_one " among $SOCKETS other connections"
destroy_one_of_many
orders=${crowd[1]}
exec {orders}>&-
exit "$rc"

# SPDX-License-Identifier: MIT
# A proxy node with its clients and a web server in network namespaces. Source it, then:
#
#   bed_up               five namespaces and their cables          bed_in NS CMD...     run CMD in one, wait for it
#   bed_servers          v2ray, its clients, the web server        bed_start NS CMD...  run CMD in one, in the background
#   bed_down             ends every process in the namespaces and removes them; may be called at any time
#
#   c1  203.0.113.11  2001:db8:11::11  198.18.0.0/16  2001:db8:1000::/36 --+
#   c2  203.0.113.12  2001:db8:12::12                                    --+-- node 192.0.2.1    --- web 198.51.100.80
#   c3  203.0.113.13  2001:db8:13::13  198.19.0.0/16  2001:db8:3000::/36 --+        2001:db8:1::1        2001:db8:2::80
#
# c1 and c3 own whole networks, so that a test can take a fresh address each time. There is no way out of the bed:
# nothing of the host's addresses, routes or firewall is touched. Names carry the process id, so beds live side by side.

# shellcheck disable=SC2034  # some names are for those who source this
BED_HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
BED_BUILD=${XLIMIT_BUILD:-$BED_HERE/../../build}
BED_ID=xlb$$
BED_ANNA=a0000000-0000-4000-8000-00000000000a
BED_BORIS=b0000000-0000-4000-8000-00000000000b
BED_CLARA=c0000000-0000-4000-8000-00000000000c
BED=  # folder with logs and configurations, made by bed_up

bed_ns() { echo "$BED_ID-$1"; }
bed_in() { ip netns exec "$(bed_ns "$1")" "${@:2}"; }
# The process is the program itself (`ip netns exec` execs); its id is in $BED_STARTED.
bed_start() {
  ip netns exec "$(bed_ns "$1")" "${@:2}" </dev/null {BED_ALIVE}>&- &
  BED_STARTED=$!
}

bed_up() {
  local name
  BED=$(mktemp -d "${TMPDIR:-/tmp}/xlimit-bed.XXXXXX")
  export STATE_DIRECTORY=$BED/state  # what ipban remembers is the bed's own
  bed_guard
  for name in node web c1 c2 c3; do
    ip netns add "$(bed_ns "$name")"
    ip -n "$(bed_ns "$name")" link set lo up
  done
  ip -n "$(bed_ns node)" address add 192.0.2.1/32 dev lo
  ip -n "$(bed_ns node)" address add 2001:db8:1::1/128 dev lo nodad
  bed_cable web 198.51.100.80 2001:db8:2::80 2001:db8:2::/64
  bed_cable c1 203.0.113.11 2001:db8:11::11 2001:db8:11::/64
  bed_cable c2 203.0.113.12 2001:db8:12::12 2001:db8:12::/64
  bed_cable c3 203.0.113.13 2001:db8:13::13 2001:db8:13::/64
  bed_pool c1 203.0.113.11 198.18.0.0/16 2001:db8:1000::/36
  bed_pool c3 203.0.113.13 198.19.0.0/16 2001:db8:3000::/36
}

# A bed must not outlive its owner, not even one that was killed with signal 9: the guard waits for the end of a
# pipe that only we hold open, and then takes the bed down.
bed_guard() {
  mkfifo "$BED/alive"
  setsid bash -c 'source "$1"; BED_ID=$2; BED=$3; read -r <"$BED/alive"; bed_down' guard \
    "${BASH_SOURCE[0]}" "$BED_ID" "$BED" </dev/null >/dev/null 2>&1 &
  exec {BED_ALIVE}>"$BED/alive"
}

# bed_cable NAME IPV4 IPV6 NETWORK6: NAME's eth0 to the node. The node has no address inside NETWORK6, so that the
# whole network can be banned without banning the node itself.
bed_cable() {
  local node there
  node=$(bed_ns node) there=$(bed_ns "$1")
  ip -n "$node" link add "$1" type veth peer name eth0 netns "$there"
  ip -n "$node" address add fe80::1/64 dev "$1" nodad
  ip -n "$there" address add fe80::2/64 dev eth0 nodad
  ip -n "$there" address add "$2/32" dev eth0
  ip -n "$there" address add "$3/128" dev eth0 nodad
  ip -n "$node" link set "$1" up
  ip -n "$there" link set eth0 up
  ip -n "$node" route add "$2/32" dev "$1" src 192.0.2.1
  ip -n "$node" route add "$4" via fe80::2 dev "$1" src 2001:db8:1::1
  ip -n "$there" route add 192.0.2.1/32 dev eth0 src "$2"
  ip -n "$there" route add default via 192.0.2.1 dev eth0 onlink src "$2"
  ip -n "$there" route add default via fe80::1 dev eth0 src "$3"
}

bed_pool() {  # NAME GATEWAY NETWORK4 NETWORK6: every address of these networks is NAME's own
  ip -n "$(bed_ns "$1")" route add local "$3" dev lo
  ip -n "$(bed_ns "$1")" route add local "$4" dev lo
  ip -n "$(bed_ns node)" route add "$3" via "$2" dev "$1" onlink src 192.0.2.1
  ip -n "$(bed_ns node)" route add "$4" via fe80::2 dev "$1" src 2001:db8:1::1
}

bed_server_config() {
  cat <<JSON
{"log": {"access": "$BED/access.log", "error": "$BED/error.log", "loglevel": "warning"},
 "inbounds": [{"tag": "vless-in", "port": 443, "protocol": "vless",
   "sniffing": {"enabled": true, "destOverride": ["http", "tls"]},
   "settings": {"decryption": "none", "clients": [
     {"id": "$BED_ANNA", "email": "anna"}, {"id": "$BED_BORIS", "email": "boris"},
     {"id": "$BED_CLARA", "email": "clara"}]}}],
 "outbounds": [{"tag": "direct", "protocol": "freedom"}]}
JSON
}

bed_client_config() {  # UUID: SOCKS on 1080 goes to the server by IPv4, on 1081 by IPv6
  local user="\"users\": [{\"id\": \"$1\", \"encryption\": \"none\"}]"
  cat <<JSON
{"log": {"access": "none", "error": "none", "loglevel": "none"},
 "inbounds": [{"tag": "in4", "listen": "127.0.0.1", "port": 1080, "protocol": "socks"},
              {"tag": "in6", "listen": "127.0.0.1", "port": 1081, "protocol": "socks"}],
 "outbounds": [
   {"tag": "out4", "protocol": "vless", "settings": {"vnext": [{"address": "192.0.2.1", "port": 443, $user}]}},
   {"tag": "out6", "protocol": "vless", "settings": {"vnext": [{"address": "2001:db8:1::1", "port": 443, $user}]}}],
 "routing": {"rules": [{"type": "field", "inboundTag": ["in4"], "outboundTag": "out4"},
                       {"type": "field", "inboundTag": ["in6"], "outboundTag": "out6"}]}}
JSON
}

bed_servers() {
  : >"$BED/access.log"
  bed_server_config >"$BED/node.json"
  bed_client_config "$BED_ANNA" >"$BED/c1.json"
  bed_client_config "$BED_BORIS" >"$BED/c2.json"
  bed_client_config "$BED_BORIS" >"$BED/c3.json"
  local name
  bed_start web "$BED_BUILD/tests/bin/web" 2>"$BED/web.out"
  bed_start node v2ray -config "$BED/node.json" >"$BED/node.out" 2>&1
  for name in c1 c2 c3; do bed_start "$name" v2ray -config "$BED/$name.json" >"$BED/$name.out" 2>&1; done
  bed_listens web 80 && bed_listens node 443 && bed_listens c1 1081 && bed_listens c2 1081 && bed_listens c3 1081
}

bed_listens() {  # NS PORT: waits until somebody listens there; fails after ten seconds
  local end=$((SECONDS + 10)) hex
  hex=$(printf ':%04X ' "$2")
  # Not a pipe: with pipefail, cat's death by SIGPIPE would hide that grep had found it.
  until grep -q "${hex}[0-9A-F:]* 0A" <(bed_in "$1" cat /proc/net/tcp /proc/net/tcp6 2>/dev/null); do
    [[ -z ${STOP:-} ]] || exit "$STOP"
    if [[ $SECONDS -ge $end ]]; then
      echo "nothing listens on port $2 in $1:" "$(tail -n 3 "$BED/$1.out")" >&2
      return 1
    fi
    bed_breathe 0.02
  done
}

# Waits SECONDS or a little less: nobody ever writes to this pipe.
bed_breathe() {
  [[ -n ${BED_BREATH:-} ]] || exec {BED_BREATH}<> <(:)
  read -rt "$1" -u "$BED_BREATH" || :
}

bed_processes() {
  local name
  for name in node web c1 c2 c3; do ip netns pids "$(bed_ns "$name")" 2>/dev/null; done
}

# Whatever runs in our namespaces was started by us. The folder goes too, unless KEEP is set.
bed_down() {
  local pids name end
  for signal in TERM KILL; do
    end=$((SECONDS + 3))
    while pids=$(bed_processes) && [[ -n $pids ]]; do
      # shellcheck disable=SC2086  # a list of process ids
      kill -s "$signal" $pids 2>/dev/null
      if [[ $SECONDS -ge $end ]]; then break; fi
      bed_breathe 0.05
    done
  done
  for name in node web c1 c2 c3; do
    [[ ! -e /run/netns/$(bed_ns "$name") ]] || ip netns del "$(bed_ns "$name")"
  done
  [[ -z $BED || -n ${KEEP:-} ]] || rm -rf "$BED"
  [[ -z ${BED_ALIVE:-} ]] || exec {BED_ALIVE}>&-
}

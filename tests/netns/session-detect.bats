# SPDX-License-Identifier: MIT
# session-detect against a real kernel: which lines it believes, and what it knows of connections that no line names.

bats_require_minimum_version 1.5.0
load ../helpers
load hold

setup() {
  needs_netns
  needs ip
  hold_up
  OUT=$BATS_TEST_TMPDIR/out
  second=0
}

# ports NAME COUNT FROM TO PORT: the client's ports, in $answer.
ports() { hold connect "$@" && answer=${answer#ok }; }

# The detector, with its input kept open in $pipe.
detect() {  # [OPTION]...
  mkfifo "$BATS_TEST_TMPDIR/in"
  # shellcheck disable=SC2016  # for the inner shell
  spawn bash -c 'exec "${@:2}" <"$1/in" >"$1/out"' _ "$BATS_TEST_TMPDIR" \
    ip netns exec "$(netns_name node)" session-detect "$@"
  exec {pipe}>"$BATS_TEST_TMPDIR/in"
}
access() {  # USER ADDRESS [PORT]
  printf '{"type":"access","time":"2026-06-01T12:00:%02d.000000Z","user":"%s","ip":"%s",%s"status":"accepted"}\n' \
    $((++second)) "$1" "$2" "${3:+\"port\":$3,}" >&"$pipe"
}

@test "who may be banned soon is announced, not with each line, if his line is proven" {
  ports home 1 203.0.113.8 192.0.2.1 443
  local home=$answer
  ports away 2 203.0.113.7 192.0.2.1 80
  local away=${answer% *}
  detect --node fi-1
  access ben 203.0.113.8 "$home"
  access ben 203.0.113.7 1
  access ben 203.0.113.8 "$home"
  wait_for_line "$OUT" '"action":"spared".*not counted, the logged port is no connection here: 203.0.113.7'
  run ! grep '"type":"suspect"' "$OUT"
  access ann 203.0.113.8 "$home"
  access ann 203.0.113.7 "$away"
  wait_for_line "$OUT" '"type":"suspect",.*"node":"fi-1","target":"203.0.113.7","user":"ann","ports":\['"$away"
  for _ in {1..10}; do
    access ann 203.0.113.7 "$away"
    ((second--))
  done
  access ann 203.0.113.8 "$home"
  wait_for_line "$OUT" '"type":"ban".*"target":"203.0.113.7"'
  # Some of them may have come a second later.
  [ "$(grep -c '"type":"suspect"' "$OUT")" -le 3 ]
}

all_is_read() {  # FIFO
  # shellcheck disable=SC2016  # for python
  /usr/bin/python3 -c 'import array, fcntl, sys, termios
left = array.array("i", [0]); fcntl.ioctl(0, termios.FIONREAD, left); sys.exit(left[0] > 0)' <"$1"
}

@test "with a reader that takes nothing nobody is announced, and the bans come all the same" {
  ports home 1 203.0.113.8 192.0.2.1 443
  local home=$answer
  ports away 1 203.0.113.7 192.0.2.1 80
  local away=$answer
  mkfifo "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/full"
  exec {full}<>"$BATS_TEST_TMPDIR/full"
  # As large as a pipe gets, and full.
  /usr/bin/python3 -c 'import fcntl, os; os.write(1, b"\n" * fcntl.fcntl(1, fcntl.F_SETPIPE_SZ, 1 << 20))' >&"$full"
  # shellcheck disable=SC2016  # for the inner shell
  spawn bash -c 'exec "${@:2}" <"$1/in" >"$1/full"' _ "$BATS_TEST_TMPDIR" ip netns exec "$(netns_name node)" session-detect
  exec {pipe}>"$BATS_TEST_TMPDIR/in"
  access ann 203.0.113.8 "$home"
  access ann 203.0.113.7 "$away"
  # It is not stuck: what it was given is dealt with and taken out of the pipe.
  wait_until all_is_read "$BATS_TEST_TMPDIR/in"
  access ann 203.0.113.8 "$home"
  sed '/"type":"ban"/q' <&"$full" >"$OUT"
  grep -q '"type":"ban".*"target":"203.0.113.7"' "$OUT"
  run ! grep '"type":"suspect"' "$OUT"
  exec {pipe}>&- {full}>&-
}

@test "a line whose port is none of its address's connections bans nobody" {
  ports home 1 203.0.113.8 192.0.2.1 443
  local home=$answer
  ports away 2 203.0.113.7 192.0.2.1 80
  local away=${answer% *}
  detect --rule strict
  access ann 203.0.113.8 "$home"
  access ann 203.0.113.7 1
  wait_for_line "$OUT" '"action":"spared","why":".*not counted, the logged port is no connection here: 203.0.113.7"'
  access ben 203.0.113.8 "$home"
  access ben 203.0.113.7 0
  access cleo 203.0.113.8 "$home"
  access cleo 203.0.113.7
  wait_for_line "$OUT" '"action":"spared"' 3
  run ! grep '"type":"ban"' "$OUT"
  access dan 203.0.113.8 "$home"
  access dan 203.0.113.7 "$away"
  wait_for_line "$OUT" '"type":"ban".*"target":"203.0.113.7".*"user":"dan"'
}

# Answers to a SYN from the server's port do not reach this client's port; of none given, no client's.
deafen() {  # SERVER_PORT [CLIENT_PORT]
  in_netns clients nft "add table inet deaf; add chain inet deaf in { type filter hook input priority 0; };
    add rule inet deaf in tcp sport $1 ${2:+tcp dport $2} tcp flags & (syn | ack) == syn | ack drop"
}
# half_open [CLIENT_PORT]: the node holds a connection whose client never answered; the client's port in $syn_port.
half_open() {
  syn_port=$(in_netns node ss -Htn state syn-recv | sed -n 's/.*\]*:\([0-9]*\) *$/\1/p')
  [[ -n $syn_port && $syn_port = "${1:-$syn_port}" ]]
}

@test "a SYN whose sender never answered is no proof" {
  needs ss nft
  ports home 1 203.0.113.8 192.0.2.1 443
  local home=$answer listener
  for listener in 80 443; do
    deafen "$listener"
    spawn ip netns exec "$(netns_name clients)" bash -c "exec 3<>/dev/tcp/192.0.2.1/$listener"
    wait_until half_open
    detect --rule strict
    access ann 203.0.113.8 "$home"
    access ann 192.0.2.2 "$syn_port"
    wait_for_line "$OUT" '"action":"spared","why":".*not counted, the logged port is no connection here: 192.0.2.2"'
    exec {pipe}>&-
    rm "$BATS_TEST_TMPDIR/in" "$OUT"
    in_netns node ss -K state syn-recv
  done
}

# client PORT OTHER_PORT: one port of his connects to both, and waits for the first.
client() {
  spawn ip netns exec "$(netns_name clients)" python3 -c '
import socket, sys, time
held = []
for port in sys.argv[1:]:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("203.0.113.7", 5555))
    made.setblocking(not held)
    made.connect_ex(("192.0.2.1", int(port)))
    held.append(made)
time.sleep(600)' "$@"
  client=$SPAWNED
}
both_there() { half_open 5555 && [[ $(in_netns node ss -Htn state established "sport = :$1" dst 203.0.113.7) ]]; }

@test "a SYN to another listener does not hide a connection" {
  needs ss nft python3
  local port
  for port in 81 82 83 84 85 86; do hold listen 0.0.0.0 "$port"; done
  ports home 1 203.0.113.8 192.0.2.1 443
  local home=$answer
  deafen 443 5555
  for port in 80 83 86; do
    client "$port" 443
    wait_until both_there "$port"
    detect --rule strict
    access "user$port" 203.0.113.8 "$home"
    access "user$port" 203.0.113.7 5555
    wait_for_line "$OUT" "\"type\":\"ban\".*\"target\":\"203.0.113.7\""
    exec {pipe}>&-
    rm "$BATS_TEST_TMPDIR/in" "$OUT"
    kill "$client"
    wait_gone "$client"
    in_netns node ss -K dst 203.0.113.7
  done
}

# The look at the connections may end after the ban; the next ban of the same address then has its result.
named() {  # HOME PORT AWAY PORT COUNT
  local user=user-$second
  access "$user" "$1" "$2"
  access "$user" "$3" "$4"
  [[ -n ${strict:-} ]] || access "$user" "$1" "$2"
  wait_for_line "$OUT" "\"type\":\"ban\".*\"user\":\"$user\""
  grep -Eq "\"type\":\"ban\".*\"ports\":\[[0-9]+(,[0-9]+){$(($5 - 1))}\]" "$OUT"
}

@test "a ban names connections that no line told of: IPv4, on a dual-stack socket, IPv6" {
  local home away
  detect --cooldown 0s
  ports home4 1 203.0.113.8 192.0.2.1 443
  home=$answer
  ports plain 3 203.0.113.7 192.0.2.1 80
  away=${answer%% *}
  wait_until named 203.0.113.8 "$home" 203.0.113.7 "$away" 3
  ports mapped 2 203.0.113.7 192.0.2.1 443
  wait_until named 203.0.113.8 "$home" 203.0.113.7 "$away" 5
  ports home6 1 2001:db8:8::8 2001:db8::1 443
  home=$answer
  ports six 4 2001:db8:7::7 2001:db8::1 443
  wait_until named 2001:db8:8::8 "$home" 2001:db8:7::7 "${answer%% *}" 4
  grep -q '"target":"2001:db8:7::/64","address":"2001:db8:7::7"' "$OUT"
}

@test "so does a ban by the first line" {
  local home strict=yes
  detect --rule strict --cooldown 0s
  ports home4 1 203.0.113.8 192.0.2.1 443
  home=$answer
  ports plain 3 203.0.113.7 192.0.2.1 80
  wait_until named 203.0.113.8 "$home" 203.0.113.7 "${answer%% *}" 3
}

# The lines of all these come in one write, so nothing is looked at between them.
@test "a ban names the connections of the lines before and behind it" {
  ports home 1 2001:db8:8::8 2001:db8::1 443
  local home=$answer
  ports away 8 2001:db8:7::7 2001:db8::1 443
  local away=$answer port
  at_once() {  # OPTION...
    printf '{"type":"access","time":"2026-06-01T12:00:00Z","user":"ann","ip":"%s","port":%s,"status":"accepted"}\n' "${said[@]}" |
      ip netns exec "$(netns_name node)" session-detect "$@" >"$OUT"
    grep '"type":"ban"' "$OUT"
  }
  local said=(2001:db8:8::8 "$home")
  for port in $away; do said+=(2001:db8:7::7 "$port"); done
  said+=(2001:db8:7::7 1)
  run -0 at_once --rule strict
  for port in $away; do [[ $output =~ '"ports":['[0-9,]*$port[],] ]]; done
  said+=(2001:db8:8::8 "$home")
  run -0 at_once --rule overlap
  for port in $away; do [[ $output =~ '"ports":['[0-9,]*$port[],] ]]; done
}

@test "a stop ends it at once, whatever it looks for" {
  detect
  access ann 203.0.113.8 1
  access ann 203.0.113.7 1
  wait_until program_runs
  kill "$SPAWNED"
  wait_gone "$SPAWNED"
}
program_runs() { [[ $(readlink "/proc/$SPAWNED/exe") = */bin/session-detect ]]; }

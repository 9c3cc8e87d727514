# SPDX-License-Identifier: MIT
# The bed: real v2ray in namespaces comes up, carries data for every client, and leaves nothing behind.

load ../helpers

setup() {
  needs_netns
  needs ip v2ray
  source "$ROOT/tests/bed/bed.bash"
}
teardown() { [[ -z ${BED:-} ]] || bed_down; }

nothing_left() { [[ ! -e $1 && -z $(ip netns list | grep "^$2-") ]]; }

page() {  # NS KIND HOST PORT [UUID]
  bed_in "$1" timeout 10 "$BUILD/tests/bin/download" "$1" "$2" "$3" "$4" 1 198.51.100.80 /page "${5:-}"
}

@test "every client gets a page through the server, and the server writes who it was" {
  bed_up
  bed_servers
  page c1 socks 127.0.0.1 1080 | grep -q ' done 1'
  page c2 socks 127.0.0.1 1081 | grep -q ' done 1'
  page c3 vless 192.0.2.1 443 "$BED_BORIS" | grep -q ' done 1'
  page c3 vless 2001:db8:1::1 443 "$BED_CLARA" | grep -q ' done 1'
  wait_for_line "$BED/access.log" ' 203\.0\.113\.11:[0-9]+ accepted .*email: anna$'
  wait_for_line "$BED/access.log" ' \[2001:db8:12::12\]:[0-9]+ accepted .*email: boris$'
  wait_for_line "$BED/access.log" ' 203\.0\.113\.13:[0-9]+ accepted .*email: boris$'
  wait_for_line "$BED/access.log" ' \[2001:db8:13::13\]:[0-9]+ accepted .*email: clara$'
}

@test "taken down, it leaves no namespace, no process and no folder" {
  bed_up
  bed_servers
  local folder=$BED
  bed_down
  BED=
  nothing_left "$folder" "$BED_ID"
}

@test "killed with signal 9, its owner leaves nothing either" {
  local folder id
  # shellcheck disable=SC2016  # for the inner shell
  spawn bash -c 'source "$1"; bed_up; bed_servers; echo "$BED $BED_ID" >"$2"; exec {BED_BREATH}<> <(:); read -ru "$BED_BREATH"' \
    owner "$ROOT/tests/bed/bed.bash" "$BATS_TEST_TMPDIR/up"
  wait_for_line "$BATS_TEST_TMPDIR/up" .
  read -r folder id <"$BATS_TEST_TMPDIR/up"
  [ -d "$folder" ]
  kill -9 "$SPAWNED"
  wait_until nothing_left "$folder" "$id"
}

# SPDX-License-Identifier: MIT
# session-detect as a program: recorded cases, and what only a running process shows.
bats_require_minimum_version 1.5.0
load ../helpers

# access SECOND USER IP [PORT]: one event.
access() {
  printf '{"type":"access","time":"2026-06-01T12:00:%02d.000000Z","user":"%s","ip":"%s","port":%d,"status":"accepted"}\n' \
    "$1" "$2" "$3" "${4:-40000}"
}

# start_judge OPTION...: reads what feed writes, into the files out and err.
start_judge() {
  cd "$BATS_TEST_TMPDIR"
  mkfifo in
  exec {FEED}<>in
  spawn session-detect --node fi-1 --verify none --rule strict "$@" <in >out 2>err
  JUDGE=$SPAWNED
  feed echo '{"type":"hello"}'
  wait_for_line out hello
}
feed() { "$@" >&"$FEED"; }

@test "every recorded case still comes out the same" {
  run_cases session-detect
}

@test "a verdict is written at once, not when the input ends" {
  start_judge
  feed access 1 ann 203.0.113.7
  feed access 2 ann 198.51.100.4
  wait_for_line out '"type":"ban".*"target":"198.51.100.4"'
}

@test "the first ban does not wait for the lines behind it" {
  needs strace
  cd "$BATS_TEST_TMPDIR"
  for user in 1 2 3; do
    access 1 "$user" "203.0.113.$user"
    access 2 "$user" "198.51.100.$user"
  done >in
  ASAN_OPTIONS=detect_leaks=0 strace -qqo trace -s 4096 -e trace=write -P "$PWD/out" \
    session-detect --verify none --rule strict <in >out
  has_lines out '"type":"ban"' 3
  has_lines trace 'write\(1,' 2
  [[ $(head -n 1 trace) = *198.51.100.1* && $(head -n 1 trace) != *198.51.100.2* ]]
}

@test "limits are reread when their file changes, and a wrong file changes nothing" {
  echo 'ann 2' >"$BATS_TEST_TMPDIR/limits"
  start_judge --limits limits
  feed access 1 ann 203.0.113.7
  feed access 1 ann 198.51.100.4
  echo 'ann many' >limits
  wait_for_line err "line 1 'ann many': 'many' is not a number; the limits stay as they were"
  feed access 2 ann 192.0.2.1
  wait_for_line out '"target":"192.0.2.1"'
  echo 'bob 1' >aside && mv aside limits
  judged_again() {
    feed access 3 ann 203.0.113.7
    has_lines out '"user":"ann","limit":1' 1
  }
  wait_until judged_again
}

@test "--metrics keeps what was judged and decided as text for Prometheus" {
  start_judge --metrics counters.prom --max-age 36500d --max-users 2
  for second in 1 2; do
    feed access "$second" ann "203.0.113.$second"
    feed access 3 "user $second" 127.0.0.1
    feed access 3 "user $second" 203.0.113.9
  done
  feed echo '{"type":"access","time":"1900-01-01T00:00:00.000000Z","user":"ann","ip":"203.0.113.1","status":"accepted"}'
  feed echo '{"type":"bye"}'
  wait_for_line out bye
  kill "$JUDGE" && wait "$JUDGE"
  value() { grep -qF "xlimit_session_detect_$1 $2" counters.prom; }
  value judged_total 4
  value 'violations_total{rule="addresses",action="ban"}' 1
  value 'violations_total{rule="shared",action="spared"}' 0
  value bans_total 1
  value unverified_total 0
  value stale_total 1
  value evicted_total 1
  value users 2
  [ "$(grep -c '^# TYPE' counters.prom)" -eq 7 ]
}

@test "addresses of one autonomous system are one place, by the database of --asn" {
  cd "$BATS_TEST_TMPDIR"
  "$BUILD/tests/bin/mmdb" 203.0.113.0/24 64500 198.51.100.0/24 64500 2001:db8:1::/48 64500 192.0.2.0/24 64501 >asn.mmdb
  moves() {
    access 1 ann 203.0.113.7
    access 2 ann 198.51.100.4
    access 3 ann 2001:db8:1:2::3
    access 4 ann 198.51.100.4
  }
  moves | session-detect --verify none --rule strict --asn asn.mmdb >out
  [[ ! -s out ]]
  { moves; access 5 ann 192.0.2.1; } | session-detect --verify none --rule strict --asn asn.mmdb >out
  [[ $(jq -r 'select(.type == "ban").target' out) = 192.0.2.1 ]]
  # One that the database does not know is a place by its prefix.
  { moves; access 5 ann 10.0.0.1; access 5 ann 10.0.0.1; } |
    session-detect --verify none --asn asn.mmdb --explain ann >out
  grep -q 'joins; holds 2 of 1: AS64500 (198.51.100.4), 10.0.0.1$' out
  echo none >wrong.mmdb
  run -65 session-detect --asn wrong.mmdb </dev/null
  [[ $output = "session-detect: "*"'wrong.mmdb'"* ]]
  run -69 session-detect --asn missing.mmdb </dev/null
  [[ $output = "session-detect: open 'missing.mmdb': No such file or directory" ]]
}

@test "it ends quietly when its reader goes away, and on a signal" {
  start_judge
  kill "$JUDGE"
  wait "$JUDGE"
  session-detect --verify none < <(while access 1 ann 203.0.113.7; do :; done) | true
  [[ ${PIPESTATUS[0]} -eq 0 ]]
}

# wrong_config WHY LINE...: a file of these lines is 78, with one line that says why.
wrong_config() {
  local why=$1
  printf '%s\n' "${@:2}" >"$BATS_TEST_TMPDIR/c"
  cd "$BATS_TEST_TMPDIR"
  run -78 session-detect --config c </dev/null
  [[ $output = "session-detect: c:$why" ]] || { echo "$output"; return 1; }
}

@test "what is wrong in a configuration file is 78 with its line" {
  wrong_config '3: a key that is given twice' 'limit = 2' 'window = 3' '"limit" = 1'
  wrong_config '2: Error while parsing array: encountered end-of-file' 'limit = 2' 'window = [1'
  wrong_config '1: --window: takes one value, not a list' 'window = ["1m"]'
  wrong_config '2: a text without its closing quote, or with a control character' '# D' 'window = "1m' 'limit = 2'
  wrong_config '2: neither a number nor a text in quotes' '' 'window = 1m'
  wrong_config "1: --limit: 'true' is not a number" 'limit = true'
  wrong_config "1: --dry-run: '1' is neither true nor false" 'dry-run = 1'
  wrong_config '1: --limit: neither a text nor a number' 'limit = {n = 1}'
  wrong_config "2: 'ban': no such option" 'limit = 2' '[ban]'
  wrong_config "2: 'explain': only on the command line" 'limit = 2' 'explain = "ann"'
  wrong_config "1: 'compare': only on the command line" 'compare = "x"'
  wrong_config "2: --window: '0s' is not at least 1s" 'limit = 2' 'window = 0'
}

@test "a configuration file sets options of every kind, and the command line goes first" {
  cd "$BATS_TEST_TMPDIR"
  printf 'limit = 2\nwindow = "1m"\ndry-run = true\nnode = "fi-1"\ntorrent-tag = ["a", # both\n  "b,c"]\n' >c
  sharing() {
    access 1 ann 203.0.113.7
    access 2 ann 198.51.100.4
    access 30 ann 192.0.2.1
  }
  sharing | session-detect --verify none --rule strict --config c >out
  [[ $(jq -c '[.node,.limit,.window_seconds,.action]' out) = '["fi-1",2,60,"report"]' ]]
  sharing | session-detect --verify none --rule strict --config c --limit 1 --window 5s --node x >out
  [[ $(jq -c '[.node,.limit,.window_seconds,.action]' out) = '["x",1,5,"report"]' ]]
}

@test "exemptions in a configuration file are lists as on the command line" {
  cd "$BATS_TEST_TMPDIR"
  sharing() {
    access 1 'ann b' 203.0.113.7
    access 2 'ann b' 198.51.100.4
  }
  echo 'exempt-user = "u7,ann b"' >users
  echo 'exempt-net = "192.0.2.0/24,198.51.100.4"' >nets
  for file in users nets; do
    sharing | session-detect --verify none --rule strict --config "$file" >out
    [[ ! -s out ]] || { cat out; false; }
    sharing | session-detect --rule strict --compare "$file" >out 2>err
    [[ $(jq -c '[.target,.bans,.other_bans]' out | tail -n 1) = '["198.51.100.4",1,0]' ]] || { cat out err; false; }
  done
}

@test "half a line that a killed process left in a file is a line of its own" {
  cd "$BATS_TEST_TMPDIR"
  sharing() {
    access 1 ann 203.0.113.7
    access 2 ann 198.51.100.4
  }
  printf '{"type":"violation","ti' >out
  sharing | session-detect --verify none --rule strict >>out
  [[ $(wc -l <out) = 3 && $(head -n 1 out) = '{"type":"violation","ti' ]] || { cat out; false; }
  tail -n +2 out | jq -e .type >types
  [[ $(<types) = '"violation"'$'\n''"ban"' ]]
}

@test "a policy to compare with that is missing or wrong is one line, and what is no part of one is refused" {
  cd "$BATS_TEST_TMPDIR"
  run -78 session-detect --compare missing.toml </dev/null
  [[ $output = "session-detect: open 'missing.toml': No such file or directory" ]]
  run -78 session-detect --compare /tmp </dev/null
  [[ $output = "session-detect: read '/tmp': Is a directory" ]]
  printf 'limit = 2\nstate = "x"\n' >policy
  run -78 session-detect --compare policy </dev/null
  [[ $output = "session-detect: policy:2: --state: no part of a policy" ]]
  echo 'dry-run = true' >policy
  run -78 session-detect --compare policy --dry-run </dev/null
  [[ $output = "session-detect: policy:1: --dry-run: no part of a policy" ]]
  echo 'limit = 2' >policy
  run -0 session-detect --compare policy --dry-run </dev/null
}

# two_places: ann at two places, three times each. Banned is the one that joined, 198.51.100.4.
two_places() {
  local second ip
  for second in 0 1 2; do
    for ip in 203.0.113.7 198.51.100.4; do access "$second" ann "$ip"; done
  done
}
# only_the_other_bans OPTION...: with these, which --compare policy belongs to, the policy bans and we do not.
only_the_other_bans() {
  run -0 --separate-stderr session-detect "$@" --compare policy < <(two_places)
  [[ $output = *'"target":"198.51.100.4","bans":0,"other_bans":1'* ]] || { echo "$* $output $stderr"; false; }
}

@test "a list in a policy to compare with stands in the place of the one on the command line" {
  cd "$BATS_TEST_TMPDIR"
  echo 'exempt-net = ["192.0.2.0/24"]' >policy
  only_the_other_bans --exempt-net 203.0.113.0/24
}

@test "a policy to compare with can take back what the command line gives" {
  cd "$BATS_TEST_TMPDIR"
  "$BUILD/tests/bin/mmdb" 203.0.113.0/24 64500 198.51.100.0/24 64500 >asn.mmdb
  echo 'ann 5' >limits
  local option
  for option in asn=asn.mmdb limits=limits exempt-net=203.0.113.0/24 exempt-user=ann; do
    echo "${option%=*} = \"\"" >policy
    only_the_other_bans --"$option"
  done
  for option in cooldown=1d escalate=2:1d torrent-rate=5/1s; do
    echo "${option%=*} = \"\"" >policy
    run -0 session-detect --"$option" --compare policy </dev/null
  done
}

@test "what both policies read may be a pipe" {
  cd "$BATS_TEST_TMPDIR"
  "$BUILD/tests/bin/mmdb" 203.0.113.0/24 64500 198.51.100.0/24 64500 >asn.mmdb
  echo 'window = "6s"' >policy
  nobody_bans() {
    run -0 --separate-stderr session-detect "$@" --compare policy < <(two_places)
    [[ -z $output ]] || { echo "$* $output $stderr"; false; }
  }
  nobody_bans --limits <(echo ann 5)
  nobody_bans --exempt-net @<(echo 203.0.113.0/24)
  nobody_bans --exempt-user @<(echo ann)
  nobody_bans --asn <(cat asn.mmdb)
}

@test "a list of nothing but empty texts is an empty list" {
  cd "$BATS_TEST_TMPDIR"
  echo 'torrent-tag = [""]' >c.toml
  run -0 session-detect --config c.toml --verify none < <(access 1 ann 203.0.113.7)
  [[ -z $output ]] || { echo "$output"; false; }
}

@test "a name with a blank in front is refused where a comma was meant to end one" {
  run -64 session-detect --exempt-user 'ann, bob' </dev/null
  [[ $output = "session-detect: --exempt-user: ' bob' begins or ends with a blank" ]]
}

@test "who forgets --verify none for a recorded log is told" {
  cd "$BATS_TEST_TMPDIR"
  run -0 --separate-stderr session-detect < <(two_places)
  [[ $stderr = "session-detect: nobody was banned, "*" times a place held no connection here; a recorded log is judged with --verify none" ]] || { echo "$stderr"; false; }
  run -0 --separate-stderr session-detect --verify sockets < <(two_places)
  [[ -z $stderr ]]
}

@test "in live use an event of a time to come judges nobody" {
  local live
  live=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  at() { access "$2" ann "$3" | sed "s/2026-06-01T12:00:...000000Z/$1/"; }
  run -0 --separate-stderr session-detect --verify none --max-age 1h \
    < <(at "$live" 0 203.0.113.7; at 2099-01-01T00:00:00Z 1 198.51.100.4; at "$live" 2 203.0.113.7)
  [[ ${#lines[@]} -eq 1 && $output = *'"kind":"stale","lines":1'* ]] || { echo "$output"; false; }
}

@test "counters that cannot be kept are told in one line" {
  run -69 session-detect --metrics "$BATS_TEST_TMPDIR" </dev/null
  [[ $output = "session-detect: write '$BATS_TEST_TMPDIR': Is a directory" ]] || { echo "$output"; false; }
  run -69 session-detect --metrics "$BATS_TEST_TMPDIR/a/b" </dev/null
  [[ ${#lines[@]} = 1 && $output = *"No such file or directory" ]] || { echo "$output"; false; }
}

@test "values that would switch the judging off by mistake are refused" {
  run -64 session-detect --shared-limit 1 </dev/null
  [[ $output = "session-detect: --shared-limit: '1' is not 0 or at least 2" ]]
  run -64 session-detect --escalate nan:1d </dev/null
  [[ $output = "session-detect: --escalate: 'nan:1d' is not FACTOR:MAX, for example 2:1d" ]]
}

@test "a wrong prefix to exempt is told with where it was given" {
  cd "$BATS_TEST_TMPDIR"
  run -64 session-detect --exempt-net 10.0.0.0/33 </dev/null
  [[ $output = "session-detect: --exempt-net: '10.0.0.0/33'"* ]]
  printf '# friends\nexempt-net = ["10.0.0.0/33"]\n' >policy.toml
  run -78 session-detect --config policy.toml </dev/null
  [[ $output = "session-detect: policy.toml:2: --exempt-net: '10.0.0.0/33'"* ]]
}

@test "a wrong line in a file of exemptions is 65 with its place, a comment behind a name among them" {
  cd "$BATS_TEST_TMPDIR"
  printf '# friends\n\n  198.51.100.0/24\n10.0.0.0/33\n' >nets
  run -65 session-detect --exempt-net @nets </dev/null
  [[ $output = "session-detect: nets:4: '10.0.0.0/33'"* ]]
  printf 'the boss\nann # boss\n' >users
  run -65 session-detect --exempt-user @users </dev/null
  [[ $output = "session-detect: users:2: 'ann # boss': a comment needs a line of its own" ]]
  printf '\xef\xbb\xbfthe boss\r\n  # friends\r\nann#1\r\n' >users
  sharing() {
    local user
    for user in 'the boss' 'ann#1' 'eve #1' bob; do
      access 1 "$user" 203.0.113.7
      access 2 "$user" 198.51.100.4
    done
  }
  sharing | session-detect --verify none --rule strict --exempt-user '@users,eve #1' >out
  [[ $(jq -r .user out | sort | uniq -c | tr -s ' ') = ' 2 bob' ]]
}

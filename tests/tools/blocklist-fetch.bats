# SPDX-License-Identifier: MIT
# blocklist-fetch: its sources, the copies that it keeps, what it makes of them.

load ../helpers
load fetching
bats_require_minimum_version 1.5.0

@test "a list is fetched, merged, and not asked for again before its time" {
  source_at "$WEB/good?n=256"
  run -0 fetch
  [[ $output = 198.18.0.0/24 ]]
  run -0 fetch
  [[ $output = 198.18.0.0/24 ]]
  [[ $(grep -c 'GET /good' "$BATS_TEST_TMPDIR/requests") -eq 1 ]]
  [[ $(known entries) -eq 256 && $(known error) = "" ]]
}

@test "what a url may hide is never shown" {
  local url
  for url in file:///nope?SECRET file:///nope#SECRET "http://u:SECRET@127.0.0.1:1/?SECRET#SECRET" "http://u:SECRET@a b/" \
    "${WEB/\/\//\/\/u:SECRET@}/html?SECRET" http:///SECRET; do
    source_at "$url"
    run fetch -v
    [[ $output = *"'one'"* && $output != *SECRET* ]] || { echo "$url: $output"; return 1; }
    run fetch status -o json
    [[ $output != *SECRET* ]]
  done
  grep 'GET /html?SECRET' "$BATS_TEST_TMPDIR/requests"
  run ! grep -r SECRET "$CACHE"
  echo 198.18.0.1 >"$BATS_TEST_TMPDIR/list"
  source_at "file://$BATS_TEST_TMPDIR/list?SECRET"
  [[ $(fetch) = 198.18.0.1 ]]
}

@test "a source that moved is asked for at once, and not whether it changed since the old one" {
  source_at "$WEB/dated"
  [[ $(fetch) = 198.18.0.0/23* ]]
  source_at "$WEB/dated?n=512"
  [[ $(fetch) = 198.18.0.0/23 ]]
}

@test "a source that was asked by a clock ahead of this one is asked again" {
  source_at "$WEB/good?n=256"
  fetch >/dev/null
  ahead=$(date -ud '+5 years' +%FT%T.000000Z)
  sed -i "s/\"\(time\|changed\)\":\"[^\"]*\"/\"\1\":\"$ahead\"/g" "$CACHE/one.json"
  run -0 fetch status -o plain
  [[ $output = *" ahead of this clock"* && $output != *ago* ]] || { echo "$output"; return 1; }
  fetch >/dev/null
  [[ $(grep -c '"GET /good' "$BATS_TEST_TMPDIR/requests") -eq 2 && $(known checked) < $ahead ]]
}

@test "a pin that came later is held against the copy there is" {
  source_at "$WEB/dated"
  fetch >"$BATS_TEST_TMPDIR/first"
  source_at "$WEB/dated" 'sha256 = "0000000000000000000000000000000000000000000000000000000000000000"'
  run -0 --separate-stderr fetch
  [[ $stderr = *"source 'one': its SHA-256 is"* ]]
  diff <(echo "$output") "$BATS_TEST_TMPDIR/first"
  run -1 fetch status
}

@test "a copy that was deleted is fetched again" {
  source_at "$WEB/dated"
  fetch >"$BATS_TEST_TMPDIR/first"
  rm "$CACHE/one.list"
  run -1 fetch status
  diff <(fetch) "$BATS_TEST_TMPDIR/first"
}

@test "a fetch that is killed between any two of its files leaves a good copy" {
  needs strace
  local step=0 rc=1 list=$BATS_TEST_TMPDIR/source
  printf '[[source]]\nname = "one"\nurl = "file://%s"\n' "$list" >"$SOURCES"
  while [[ $rc -ne 0 ]]; do
    step=$((step + 1)) rc=0
    rm -rf "$CACHE"
    printf '8.8.4.4\n' >"$list"
    fetch >/dev/null
    printf '8.8.8.8\n9.9.9.9\n' >"$list"
    strace -fqqo /dev/null -e trace=rename -e "inject=rename:signal=KILL:when=$step" \
      blocklist-fetch --sources "$SOURCES" --cache "$CACHE" --force >/dev/null || rc=$?
    mv "$list" "$list.kept"
    run -0 --separate-stderr fetch --force
    [[ $output = 8.8.4.4 || $output = $'8.8.8.8\n9.9.9.9' ]]
    mv "$list.kept" "$list"
    run -0 --separate-stderr fetch
    [[ $output = $'8.8.8.8\n9.9.9.9' && $(known entries) -eq 2 && $(known error) = "" ]]
  done
  [[ $step -gt 3 ]]
}

@test "a damaged copy is said once, fetched anew whatever the server knows, and never written" {
  local damage
  for damage in 'truncate -s 20 "$CACHE/one.list"' 'echo junk >"$CACHE/one.json"' ': >"$CACHE/one.json"'; do
    source_at "$WEB/good"
    fetch >"$BATS_TEST_TMPDIR/first"
    eval "$damage"
    run -1 fetch status -o json
    [[ $output = *'"good":false,"entries":0,'*"is damaged"* ]]
    run -0 --separate-stderr fetch
    diff <(echo "$output") "$BATS_TEST_TMPDIR/first"
    [[ $stderr = "blocklist-fetch: source 'one': "*"'$CACHE/one."*"' is damaged, fetched anew" ]]
    [[ $(known entries) -eq 1000 && $(known sha256) = $(sha256sum <"$CACHE/one.list" | cut -d' ' -f1) ]]
    run -0 --separate-stderr fetch --force
    [[ -z $stderr ]]
    eval "$damage"
    source_at "$WEB/404"
    run -75 --separate-stderr fetch
    [[ -z $output && $stderr = *"is damaged, fetched anew"*"404; there is no good copy"* ]]
    run -75 --separate-stderr fetch
    [[ -z $output && $stderr != *damaged* ]]
  done
}

@test "status says why a source never worked, and when it was asked" {
  source_at "$WEB/404"
  run -75 fetch
  [[ $(known error) = "the server answers 404" && $(known checked) = 20* && $(known good) = false ]]
  run -1 fetch status -o plain
  [[ $output = *"the server answers 404" ]]
}

@test "more sources than are fetched at once all come" {
  for i in {1..20}; do printf '[[source]]\nname = "s%s"\nurl = "%s"\n' "$i" "$WEB/good?n=256"; done >"$SOURCES"
  [[ $(fetch) = 198.18.0.0/24 ]]
  [[ $(grep -c 'GET /good' "$BATS_TEST_TMPDIR/requests") -eq 20 ]]
}

@test "many large lists are not in memory at the same time" {
  needs /usr/bin/time
  for i in {1..40}; do printf '[[source]]\nname = "s%s"\nurl = "%s"\n' "$i" "$WEB/large"; done >"$SOURCES"
  /usr/bin/time -f %M -o "$BATS_TEST_TMPDIR/memory" blocklist-fetch --sources "$SOURCES" --cache "$CACHE" \
    --dry-run
  cat "$BATS_TEST_TMPDIR/memory"
  # Sanitizers need memory of their own.
  [[ -n ${XLIMIT_SANITIZE:-} || $(<"$BATS_TEST_TMPDIR/memory") -lt 110000 ]]
}

@test "progress is shown on a terminal only, and taken away" {
  source_at "$WEB/good"
  script -qec "blocklist-fetch --sources $SOURCES --cache $CACHE --keep-bogons >/dev/null" /dev/null >"$BATS_TEST_TMPDIR/seen"
  grep -q ' of 1 sources, ' "$BATS_TEST_TMPDIR/seen"
  [[ $(<"$BATS_TEST_TMPDIR/seen") = *$'\r\e[K' ]]
  run -0 --separate-stderr fetch --force
  [[ -z $stderr ]]
}

@test "without a good copy of every source nothing is written" {
  printf '[[source]]\nname = "%s"\nurl = "%s"\n' one "$WEB/good?n=256" two "$WEB/html" >"$SOURCES"
  run -75 --separate-stderr fetch
  [[ -z $output && $stderr = *"no good copy yet of 'two': nothing written"* ]]
  printf '[[source]]\nname = "three"\nurl = "%s"\n' "$WEB/404" >>"$SOURCES"
  run -75 --separate-stderr fetch
  [[ ${stderr_lines[-1]} = "blocklist-fetch: no good copy yet of 'two', 'three': nothing written; see --partial" ]]
  run -0 --separate-stderr fetch --partial
  [[ $output = 198.18.0.0/24 ]]
  run -0 fetch one
  run -64 fetch four
}

@test "what a killed fetch left half written is cleared away, but not by a dry run" {
  printf '[[source]]\nname = "one"\nurl = "%s"\n' "$WEB/good?n=256" >"$SOURCES"
  fetch
  touch -d '2 hours ago' "$CACHE/one.json.AbCdEf" "$CACHE/one.list.AbCdEf" "$CACHE/other.json.AbCdEf"
  touch "$CACHE/one.since.AbCdEf"
  fetch --dry-run
  [[ -e $CACHE/one.json.AbCdEf ]]
  fetch
  [[ ! -e $CACHE/one.json.AbCdEf && ! -e $CACHE/one.list.AbCdEf ]]
  [[ -e $CACHE/other.json.AbCdEf && -e $CACHE/one.since.AbCdEf ]]
}

@test "a dry run ends as a fetch would" {
  printf '[[source]]\nname = "%s"\nurl = "%s"\n' one "$WEB/good?n=256" two "$WEB/html" >"$SOURCES"
  run -75 --separate-stderr fetch --dry-run
  [[ -z $output && $stderr = *"no good copy yet of 'two': nothing written"* ]]
  run -0 fetch --dry-run --partial
  run -0 fetch --dry-run one
  run -75 fetch --dry-run --partial two
  run -75 fetch --dry-run --direction out
  [[ ! -e $CACHE ]]
  run -0 fetch one
  source_at "$WEB/html"
  run -0 --separate-stderr fetch --dry-run
  [[ $stderr = *"the last good copy stays in force"* ]]
}

@test "each direction has its own sources" {
  printf '[[source]]\nname = "%s"\nurl = "%s"\ndirection = "%s"\n' a "$WEB/good?n=256" in b "$WEB/good?n=512" out >"$SOURCES"
  [[ $(fetch) = 198.18.0.0/24 && $(fetch --direction out) = 198.18.0.0/23 ]]
}

@test "bogons, wide prefixes and the allowlist are taken out and counted" {
  printf '%s\n' 10.0.0.0/8 0.0.0.0/0 8.8.8.0/24 9.9.9.9 2001:db8::1 2a00::/30 >"$BATS_TEST_TMPDIR/list"
  source_at "file://$BATS_TEST_TMPDIR/list"
  run -0 --separate-stderr blocklist-fetch --sources "$SOURCES" --cache "$CACHE" --allow 8.8.8.128/25
  [[ $output = $'8.8.8.0/25\n9.9.9.9\n2a00::/30' ]]
  [[ $stderr = *"taken out: 1 too wide, 2 bogons, 1 allowlisted"* ]]
}

@test "what is joined is written no wider than what is taken out, or than a list may hold" {
  printf '%s\n' 2.0.0.0/8 3.0.0.0/8 0.0.0.0/0 2a00::/16 2a01::/16 >"$BATS_TEST_TMPDIR/list"
  source_at "file://$BATS_TEST_TMPDIR/list"
  for command in "fetch" "blocklist-fetch merge $BATS_TEST_TMPDIR/list" "blocklist-fetch merge --widest4 8 $BATS_TEST_TMPDIR/list"; do
    run -0 --separate-stderr $command
    [[ $output = $'2.0.0.0/8\n3.0.0.0/8\n2a00::/16\n2a01::/16' && $stderr = *"taken out: 1 too wide" ]]
  done
  run -0 --separate-stderr blocklist-fetch merge --widest4 0 "$BATS_TEST_TMPDIR/list"
  [[ $output = $'0.0.0.0/0\n2a00::/16\n2a01::/16' && -z $stderr ]]
  run -0 blocklist-fetch merge --widest4 12 --widest6 32 <<<$'2.0.0.0/12\n2.16.0.0/12'
  [[ $output = 2.0.0.0/11 ]]
}

@test "mapped addresses are IPv4, and all of them at once a bogon that is always taken out" {
  printf '%s\n' ::ffff:198.18.0.1 ::ffff:198.18.1.0/120 ::ffff:0:0/96 2001:db8::1 >"$BATS_TEST_TMPDIR/list"
  run -0 --separate-stderr blocklist-fetch merge "$BATS_TEST_TMPDIR/list"
  [[ $output = $'198.18.0.1\n198.18.1.0/24\n2001:db8::1' && $stderr = "blocklist-fetch: taken out: 1 bogons" ]]
  run -0 --separate-stderr blocklist-fetch merge <<<::/80
  [[ ${#lines[@]} -eq 16 && $stderr = "blocklist-fetch: taken out: 1 bogons" ]]
}

@test "explain tells which source holds an address, since when, and what is taken out" {
  source_at "$WEB/good?n=600"
  fetch >/dev/null
  source_at "$WEB/good"
  fetch --force >/dev/null
  run -0 fetch explain 198.18.0.7
  [[ $output =~ ^198.18.0.7:\ in\ source\ \'one\'\ as\ 198.18.0.0/23\ since\ 20 ]]
  first=${output##*since }
  run -0 fetch explain 198.18.3.200
  [[ ${output##*since } > $first || ${output##*since } = "$first" ]]
  run -0 blocklist-fetch --sources "$SOURCES" --cache "$CACHE" explain 198.18.0.7
  [[ $output = *"taken out, bogon: 198.18.0.0/15"* ]]
  run -1 fetch explain 192.0.2.1
  run -64 fetch explain nonsense
}

@test "mistakes in the sources have a line, other words their exit codes" {
  echo '[[source]]' >"$SOURCES"
  run -78 fetch
  [[ $output = "blocklist-fetch: $SOURCES:1: "* ]]
  rm "$SOURCES"
  run -69 fetch
  source_at "$WEB/good"
  run -64 fetch --largest ten
}

@test "a second fetch at the same time does nothing" {
  source_at "$WEB/drip"
  spawn blocklist-fetch --sources "$SOURCES" --cache "$CACHE" >/dev/null 2>&1
  wait_for_line "$BATS_TEST_TMPDIR/requests" 'GET /drip'
  run -75 --separate-stderr fetch
  [[ -z $output ]]
}

@test "merging agrees with an independent reference" {
  python3 - "$BATS_TEST_TMPDIR" <<'PYTHON'
import ipaddress, random, sys
random.seed(7)
lines = [f"{ipaddress.ip_address(random.getrandbits(14) + (10 << 24))}/{random.randint(20, 32)}" for _ in range(4000)]
lines += [f"{ipaddress.ip_address((0x2a00 << 112) + random.getrandbits(18))}/{random.randint(112, 128)}" for _ in range(4000)]
open(sys.argv[1] + "/list", "w").write("\n".join(lines))
nets = [ipaddress.ip_network(line, strict=False) for line in lines]
for family in (4, 6):
    for net in ipaddress.collapse_addresses(n for n in nets if n.version == family):
        print(net if net.prefixlen < net.max_prefixlen else net.network_address, file=open(sys.argv[1] + "/want", "a"))
PYTHON
  diff <(blocklist-fetch merge "$BATS_TEST_TMPDIR/list") "$BATS_TEST_TMPDIR/want"
}

@test "a whole list travels into the kernel, and a failure leaves what is there" {
  needs_netns
  needs ipset
  # In a namespace of its own the web server is not in reach, so the source is a file.
  echo 198.18.0.0/24 >"$BATS_TEST_TMPDIR/list"
  source_at "file://$BATS_TEST_TMPDIR/list"
  # shellcheck disable=SC2016
  in_fresh_netns bash -c 'set -o pipefail
    "$@" | ipban --state none load blocklist || exit
    ipban --state none test 198.18.0.9 || exit
    rm -r "$0"; echo "<html>" >"${3%sources.toml}list"
    ! "$@" | ipban --state none load blocklist || exit
    ipban --state none test 198.18.0.9' "$CACHE" blocklist-fetch --sources "$SOURCES" --cache "$CACHE" --keep-bogons
}

# SPDX-License-Identifier: MIT
# blocklist-fetch against a real web server with all the bad manners that servers have.

load ../helpers
load fetching
bats_require_minimum_version 1.5.0

# A first good copy of 1000 entries; what the source then becomes leaves it in force, for a reason.
stays() { # PATH REASON [KEYS [OPTIONS...]]
  source_at "$WEB/good"
  fetch --force >"$BATS_TEST_TMPDIR/first"
  source_at "$WEB/$1" "${3:-}"
  run -0 --separate-stderr fetch --force "${@:4}"
  diff <(echo "$output") "$BATS_TEST_TMPDIR/first"
  [[ $stderr = *"source 'one': $2"*"the last good copy stays in force"* ]] || { echo "$stderr"; return 1; }
  run -1 fetch status -o plain
  [[ $(fetch status -o json | jq -r .error) = "$2"* ]]
}

# entries COUNT: that many in a file.
LIST=$BATS_TEST_TMPDIR/list
entries() { for ((i = 0; i < $1; i++)); do echo "198.18.$((i / 256)).$((i % 256))"; done >"$LIST"; }

# trusting CERTIFICATE OPTIONS...: fetch where that is the only authority.
trusting() {
  # shellcheck disable=SC2016
  unshare -m -- bash -c 'mount -t tmpfs none /etc/ssl && mkdir /etc/ssl/certs &&
    cp "$0" /etc/ssl/certs/ca-certificates.crt && exec "$@"' "$1" \
    blocklist-fetch --sources "$SOURCES" --cache "$CACHE" --keep-bogons "${@:2}"
}

@test "what did not change is not sent again" {
  source_at "$WEB/good"
  fetch >"$BATS_TEST_TMPDIR/first"
  run -0 fetch --force
  diff <(echo "$output") "$BATS_TEST_TMPDIR/first"
  grep -q 'not modified' "$BATS_TEST_TMPDIR/requests"
}

@test "a compressed answer is understood, a server in trouble asked again" {
  source_at "$WEB/gzip?n=256"
  [[ $(fetch) = 198.18.0.0/24 ]]
  source_at "$WEB/flaky?n=256"
  [[ $(fetch --force) = 198.18.0.0/24 ]]
  [[ $(grep -c '"GET /flaky' "$BATS_TEST_TMPDIR/requests") -eq 3 ]]
}

@test "a page with status 200 is no list" { stays html "it is a page, not a list"; }
@test "an empty answer is no list" { stays empty "the answer is empty"; }
@test "a server that answers 500 is tried again and then given up" { stays 500 "the server answers 500"; }
@test "a list that is gone leaves its copy" { stays 404 "the server answers 404"; }
@test "a body shorter than it was said to be is no list" { stays cut "transfer closed"; }
@test "a chunked body that ends in the middle is no list" { stays chunkcut "transfer closed"; }
@test "a compressed body that ends in the middle is no list" { stays gzipcut "its compressed body is cut"; }
@test "a body in a coding that nobody asked for is no list" { stays brotli "it is coded as 'br'"; }
@test "an answer that says 'not modified' to nobody's question is no list" {
  source_at "$WEB/same"
  run -75 --separate-stderr fetch
  [[ $stderr = *"source 'one': the server answers 304; there is no good copy"* ]]
}
@test "a last line without its end is left out where the end of the list is that of the connection" {
  source_at "$WEB/open?n=257"
  run -0 --separate-stderr fetch
  [[ $output = 198.18.0.0/24 && $(known entries) -eq 256 && $(known invalid) -eq 1 ]]
  [[ $stderr = *"source 'one': the last line '198.18.1.0' has no end, and the server did not say how long the list is, skipped" ]]
  run -0 --separate-stderr fetch --force
  [[ $output = 198.18.0.0/24 ]]
  source_at "$WEB/opengzip?n=257"
  run -0 --separate-stderr fetch
  [[ $output = $'198.18.0.0/24\n198.18.1.0' && -z $stderr ]]
  source_at "$WEB/open?n=257" "sha256 = \"$(printf '198.18.%d.%d\n' $(for i in {0..256}; do echo $((i / 256)) $((i % 256)); done) | head -c -1 | sha256sum | cut -d' ' -f1)\""
  run -0 --separate-stderr fetch
  [[ $output = $'198.18.0.0/24\n198.18.1.0' && -z $stderr ]]
}
@test "redirects that go round are left" { stays loop "Maximum (5) redirects followed"; }
@test "from https a redirect leads to https only, from http to both" {
  needs_root
  needs openssl
  local pem=$BATS_TEST_TMPDIR/pem secure
  openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 \
    -keyout "$pem" -out "$pem.crt" 2>/dev/null
  cat "$pem.crt" >>"$pem"
  serve secure "$pem"
  secure=https://127.0.0.1:$PORT
  for url in "$WEB/to?$secure/good?n=256" "$secure/to?$secure/good?n=256"; do
    source_at "$url"
    [[ $(trusting "$pem.crt" --force) = 198.18.0.0/24 ]]
  done
  source_at "$secure/to?$WEB/good"
  run -0 --separate-stderr trusting "$pem.crt"
  [[ $output = 198.18.0.0/24 && $stderr = *"source 'one': Protocol \"http\" not supported or disabled"* ]]
  run ! grep -q 'GET /good' "$BATS_TEST_TMPDIR/requests"
}
@test "a redirect to a file is not followed" { stays tofile "Protocol \"file\" not supported or disabled"; }
@test "a list that shrank too much is not believed" {
  source_at "file://$LIST"
  entries 1000
  fetch >"$BATS_TEST_TMPDIR/first"
  entries 400
  run -0 --separate-stderr fetch --force
  diff <(echo "$output") "$BATS_TEST_TMPDIR/first"
  [[ $stderr = *"it shrank from 1000 entries to 400, more than 50 %; the last good copy stays in force" ]]
  entries 500
  [[ $(fetch && known entries) = *500 ]]
}
@test "a source that moved, or is pinned anew, may be much shorter than it was" {
  source_at "$WEB/good"
  fetch >/dev/null
  source_at "$WEB/good?n=256"
  [[ $(fetch) = 198.18.0.0/24 && $(known entries) -eq 256 && $(known error) = "" ]]
  source_at "file://$LIST"
  entries 1000
  fetch >/dev/null
  entries 256
  source_at "file://$LIST" "sha256 = \"$(sha256sum <"$LIST" | cut -d' ' -f1)\""
  [[ $(fetch) = 198.18.0.0/24 && $(known error) = "" ]]
}
@test "a list shorter than asked for is not believed" {
  stays "good?n=900" "900 entries, fewer than the 950 asked for" "minimum = 950"
}
@test "a list that is not the pinned one is not taken" { stays "good?n=999" "its SHA-256 is" 'sha256 = "0000000000000000000000000000000000000000000000000000000000000000"'; }

@test "an endless body and a small one that grows are cut off at the limit, in little memory" {
  needs /usr/bin/time
  stays huge "it is larger than 1048576 bytes" "" --largest 1
  stays bomb "it is larger than 1048576 bytes" "" --largest 1
  /usr/bin/time -f %M -o "$BATS_TEST_TMPDIR/memory" blocklist-fetch --sources "$SOURCES" --cache "$CACHE" --force \
    --largest 1 >/dev/null
  [[ $(<"$BATS_TEST_TMPDIR/memory") -lt 60000 ]]
}

@test "a body that drips is given up in time" {
  stays drip "Operation too slow" "" --patience 1s
}

@test "nobody listening and no such host are said" {
  local dead
  source_at "$WEB/good"
  fetch >"$BATS_TEST_TMPDIR/first"
  for dead in http://127.0.0.1:1 http://no-such-host.invalid; do
    source_at "$dead/list"
    run -0 --separate-stderr fetch --force
    diff <(echo "$output") "$BATS_TEST_TMPDIR/first"
    [[ $stderr = *"source 'one': "*"the last good copy stays in force"* ]]
    echo "$stderr" >>"$BATS_TEST_TMPDIR/said"
  done
  grep "Failed to connect to 127.0.0.1 port 1" "$BATS_TEST_TMPDIR/said"
  grep "Could not resolve host: no-such-host.invalid" "$BATS_TEST_TMPDIR/said"
}

@test "what a server sends does not steer the terminal" {
  source_at "$WEB/escape"
  run -0 --separate-stderr fetch
  [[ $stderr = *"1 lines are no address or prefix, the first '?]0'"* ]]
}

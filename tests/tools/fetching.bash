# SPDX-License-Identifier: MIT
# blocklist-fetch and the web server that it asks.

setup() {
  needs python3 jq script
  SOURCES=$BATS_TEST_TMPDIR/sources.toml
  CACHE=$BATS_TEST_TMPDIR/cache
  serve requests
  # shellcheck disable=SC2034  # for whoever loads this
  WEB=http://127.0.0.1:$PORT
}

# serve REQUESTS [CERTIFICATE]: a web server on $PORT that writes there what it is asked for.
serve() {
  spawn python3 "$ROOT/tests/tools/hostile.py" "${@:2}" >"$BATS_TEST_TMPDIR/port" 2>"$BATS_TEST_TMPDIR/$1"
  wait_for_line "$BATS_TEST_TMPDIR/port" '^[0-9]+$'
  PORT=$(<"$BATS_TEST_TMPDIR/port")
}

source_at() { printf '[[source]]\nname = "one"\nurl = "%s"\n%s\n' "$1" "${2:-}" >"$SOURCES"; }
fetch() { blocklist-fetch --sources "$SOURCES" --cache "$CACHE" --keep-bogons "$@"; }
known() { fetch status -o json | jq -r ".$1"; }

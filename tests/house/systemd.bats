# SPDX-License-Identifier: MIT
# The units are understood by systemd, name programs and options that exist, and leave little to abuse.

bats_require_minimum_version 1.5.0
load ../helpers

setup() {
  needs systemd-analyze
  UNITS=$BATS_TEST_TMPDIR/units
  mkdir "$UNITS"
  cp "$ROOT"/systemd/*.socket "$ROOT"/systemd/*.target "$ROOT"/systemd/*.timer "$UNITS"
  local unit
  for unit in "$ROOT"/systemd/*.service.in; do
    sed "s#@bindir@#$BUILD/bin#" "$unit" >"$UNITS/$(basename "${unit%.in}")"
  done
}

@test "systemd finds nothing to complain of" {
  [ -z "$(systemd-analyze verify --man=no "$UNITS"/xlimit* 2>&1 | tee /dev/stderr)" ]
}

@test "what a program says never goes where its events go" {
  local unit seen=0
  for unit in "$UNITS"/*.service; do
    grep -q '^StandardOutput=' "$unit" || continue
    # By default systemd sends messages after the output.
    grep -qx 'StandardError=journal' "$unit" || { echo "$unit"; false; }
    seen=$((seen + 1))
  done
  [ "$seen" -ge 4 ]
}

@test "each program accepts the command line its unit gives it" {
  local unit words seen=0
  for unit in "$UNITS"/*.service; do
    read -ra words < <(sed -n 's/^ExecStart=//p' "$unit")
    accepts "${words[@]}"
    seen=$((seen + 1))
  done
  [ "$seen" -ge 4 ]
  run ! accepts "$BUILD/bin/xlog-tail" --bogus
  run ! accepts "$BUILD/bin/ipban" bogus
}

# accepts PROGRAM WORD...: its help, which comes whatever stands beside it, lists each long option and the verb, its first word.
accepts() {
  local word help
  help=$("$1" --help)
  for word in "${@:2}"; do
    case $word in
      --*) grep -Eq -- "^ +(-[a-z], )?${word%%=*}( |$)" <<<"$help" ;;
      [a-z]*) [[ $word != "$2" ]] || grep -Eq "^ +$word " <<<"$help" ;;
    esac || { echo "${1##*/} knows no $word"; return 1; }
  done
}

@test "no stage is exposed more than 2.0 of 10" {
  local unit
  for unit in "$UNITS"/*.service; do
    systemd-analyze security --offline=yes --threshold=20 "$unit" | tail -n 1
    [ "${PIPESTATUS[0]}" -eq 0 ]
  done
}

@test "only the stages that change the kernel may" {
  [ "$(grep -l '^AmbientCapabilities=CAP_NET_ADMIN$' "$UNITS"/*.service | xargs -n 1 basename | paste -sd' ')" = \
    "xlimit-ban.service xlimit-blocklist-load.service xlimit-kill.service xlimit-restore.service" ]
  grep -qx 'CapabilityBoundingSet=' "$UNITS/xlimit-detect.service"
}

@test "the log that systemd appends to is rotated, and its holder goes on at the new end" {
  needs_root
  needs logrotate zcat
  local log=$BATS_TEST_TMPDIR/events.ndjson
  mapfile -t logs < <(sed -n 's/^StandardOutput=append://p' "$UNITS"/*.service)
  [ "${#logs[@]}" -eq 1 ]
  sed "s#^${logs[0]} {#$log {#" "$ROOT/systemd/xlimit.logrotate" >"$BATS_TEST_TMPDIR/rules"
  chmod 644 "$BATS_TEST_TMPDIR/rules"
  exec 4>>"$log"
  echo before >&4
  logrotate -f -s "$BATS_TEST_TMPDIR/state" "$BATS_TEST_TMPDIR/rules"
  echo after >&4
  [ "$(<"$log")" = after ]
  [ "$(zcat "$log.1.gz")" = before ]
}

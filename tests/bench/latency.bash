# SPDX-License-Identifier: MIT
# The latency program on a bed, for the bench and for the netns test. Source it, bed_up first, bed_down afterwards.

# measure RULE TRIALS CONNECTIONS BAN_SECONDS one|all [OPTION]...: the shipped pipeline of four processes. Fails when one of
# the things that were promised did not happen, or when a stage complained.
measure() {
  local log=$BED/latency-$1-$5.log rc=0 pipeline
  : >"$log"
  bed_start node bash -c 'xlog-tail --timezone UTC --from start "$1" | session-detect --rule "$2" --ban-time "$3" |
    ipban apply | sockkill apply >"$1.events"' pipeline "$log" "$1" "$4s" 2>"$log.err"
  pipeline=$BED_STARTED
  measure_on "$log" --rule "$1" --trials "$2" --connections "$3" --ban "$4" --logged "${@:5}" || rc=1
  # shellcheck disable=SC2046  # a list of process ids
  kill $(pgrep -P "$pipeline") 2>/dev/null
  wait "$pipeline" 2>/dev/null
  if [[ -s $log.err ]]; then
    tail -n 5 "$log.err" >&2
    rc=1
  fi
  return "$rc"
}

# measure_floor TRIALS CONNECTIONS
measure_floor() { measure_on "$BED/floor.log" --floor --trials "$1" --connections "$2"; }

measure_on() {
  "$BED_BUILD/tests/bin/latency" --log "$1" --node "$(bed_ns node)" --near "$(bed_ns c1)" --far "$(bed_ns c3)" \
    --others "$(bed_ns c2)" "${@:2}"
}

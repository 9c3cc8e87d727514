# SPDX-License-Identifier: MIT
# A writer of numbered lines that rotates its log, and a reader that is killed at random instants (torture.py): nothing
# may be lost, nothing may come twice, and what was cut off is told to the byte. A run is repeated with its seed:
# XLIMIT_SEED=123 XLIMIT_STEPS=400 bats tests/tools/xlog-tail-torture.bats -f s6
load ../helpers

setup() { cd "$BATS_TEST_TMPDIR" || return; }

torture() {  # MODE
  local seed=${XLIMIT_SEED:-$RANDOM}
  echo "seed $seed"
  python3 -B "$ROOT/tests/tools/torture.py" "$1" "$seed" "${XLIMIT_STEPS:-150}"
}

@test "rotation by rename: no line is lost, none comes twice" { torture rename; }

@test "rotation by copytruncate: no line is lost, none comes twice, no gap is told" { torture copytruncate; }

@test "a copy over the last copy: no line is lost, none comes twice" { torture over; }

@test "logrotate with options by chance: no line is lost, none comes twice" {
  needs logrotate
  torture logrotate
}

@test "rotation by either in turn: no line is lost, none comes twice" { torture mixed; }

@test "s6-log that keeps a few archives: no line is lost, none comes twice" { torture s6; }

@test "s6-log that deletes what it rotated: none comes twice, and what is lost is told" { torture s6-none; }

@test "a log cut short: the missing bytes are told exactly, once" { torture truncate; }

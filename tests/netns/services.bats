# SPDX-License-Identifier: MIT
# The units under a real systemd: a container boots this host's own /usr with everything else empty, two clients use
# one account, and the second is cut. A stage that is killed comes back, and its pipe has kept the line that waited.

load ../helpers

setup() {
  needs_netns
  needs systemd-nspawn ip
  mkdir -p "$BATS_TEST_TMPDIR"/{units,out}
  UNITS=$BATS_TEST_TMPDIR/units
  cp "$ROOT"/systemd/*.socket "$ROOT"/systemd/*.target "$UNITS"
  local unit
  for unit in "$ROOT"/systemd/*.service.in; do
    # A program built with a sanitizer looks for leaks by ptrace, which its unit forbids.
    sed -e 's#@bindir@#/opt/bin#' -e '/^\[Service\]/a Environment=ASAN_OPTIONS=detect_leaks=0' "$unit" \
      >"$UNITS/$(basename "${unit%.in}")"
  done
  cat >"$UNITS/story.service" <<'UNIT'
[Service]
Type=oneshot
ExecStart=/bin/bash /opt/story
ExecStopPost=/bin/kill -RTMIN+4 1
StandardOutput=file:/opt/out/story
StandardError=file:/opt/out/story
UNIT
  cat >"$UNITS/story.target" <<'UNIT'
[Unit]
Requires=basic.target story.service
After=basic.target
AllowIsolate=yes
UNIT
}

@test "the services ban and cut, and survive the death of a stage" {
  # Under volatile=yes the container sees of this host only /usr and what is bound here.
  timeout 120 systemd-nspawn -q -b --register=no --keep-unit --private-network --volatile=yes -D / \
    -M "xlimit-$$" --bind-ro="$UNITS:/run/systemd/system" --bind-ro="$BUILD/bin:/opt/bin" \
    --bind-ro="$BUILD/tests/bin:/opt/tests" --bind-ro="$BATS_TEST_DIRNAME/systemd-story:/opt/story" \
    --bind-ro="$ROOT/systemd/xlimit.tmpfiles:/opt/xlimit.tmpfiles" --bind="$BATS_TEST_TMPDIR/out:/opt/out" \
    systemd.unit=story.target systemd.firstboot=no systemd.mask=nftables.service \
    systemd.mask=systemd-networkd-wait-online.service </dev/null >"$BATS_TEST_TMPDIR/console" 2>&1 || :
  cat "$BATS_TEST_TMPDIR/out/story" || tail -n 20 "$BATS_TEST_TMPDIR/console"
  grep -qx 'the story is over' "$BATS_TEST_TMPDIR/out/story"
}

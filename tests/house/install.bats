# SPDX-License-Identifier: MIT
# Installing puts every program, page, completion and unit in its place; uninstalling leaves nothing.

load ../helpers

setup() {
  cp "$BUILD/install_manifest.txt" "$BATS_TEST_TMPDIR/manifest-before" 2>/dev/null || :
  STAGE=$BATS_TEST_TMPDIR/stage
  DESTDIR=$STAGE cmake --install "$BUILD" --prefix /opt/trial >/dev/null
}
# Whoever has installed from this build folder can still uninstall afterwards.
teardown() {
  if [[ -f $BATS_TEST_TMPDIR/manifest-before ]]; then
    cp "$BATS_TEST_TMPDIR/manifest-before" "$BUILD/install_manifest.txt"
  else
    rm -f "$BUILD/install_manifest.txt"
  fi
}

@test "every program is installed with its page and its completions" {
  local program
  for program in $(ls "$BUILD/bin"); do
    [ -x "$STAGE/opt/trial/bin/$program" ]
    [ -f "$STAGE/opt/trial/share/bash-completion/completions/$program" ]
    [ -f "$STAGE/opt/trial/share/zsh/site-functions/_$program" ]
    [ -f "$STAGE/opt/trial/share/fish/vendor_completions.d/$program.fish" ]
  done
}

@test "the log of events is rotated where logrotate looks" {
  diff "$STAGE/etc/logrotate.d/xlimit" "$ROOT/systemd/xlimit.logrotate"
}

@test "no test program and nothing of the build folder is installed" {
  [ "$(ls "$STAGE/opt/trial/bin")" = "$(ls "$BUILD/bin")" ]
  ! grep -rIl "$BUILD" "$STAGE"
}

@test "an installed program runs" {
  local program
  for program in "$STAGE"/opt/trial/bin/*; do
    "$program" --version | grep -qE '^[a-z-]+ [0-9]+\.[0-9]+\.[0-9]+$'
  done
}

@test "uninstall leaves nothing" {
  DESTDIR=$STAGE cmake -DMANIFEST="$BUILD/install_manifest.txt" -P "$ROOT/cmake/uninstall.cmake"
  [ -z "$(find "$STAGE" -mindepth 1)" ]
}

@test "uninstall removes only what was installed" {
  echo mine >"$STAGE/opt/trial/bin/mine"
  DESTDIR=$STAGE cmake -DMANIFEST="$BUILD/install_manifest.txt" -P "$ROOT/cmake/uninstall.cmake"
  [ "$(find "$STAGE" -type f)" = "$STAGE/opt/trial/bin/mine" ]
}

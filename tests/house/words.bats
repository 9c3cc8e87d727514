# SPDX-License-Identifier: MIT
# What is committed reads as the project's own: no scratch paths, no leftovers, short first lines.

load ../helpers

setup() { cd "$ROOT" || return 1; }

# files [PATTERN...]: what is in the tree, without what a build leaves there. Under sudo the checkout may belong to
# somebody else; git is then told that this is fine.
files() {
  local pattern
  if git -c safe.directory='*' rev-parse >/dev/null 2>&1; then
    git -c safe.directory='*' ls-files --cached --others --exclude-standard "$@"
    return
  fi
  [[ $# -gt 0 ]] || set -- '*'
  for pattern; do
    find . -type f -path "./$pattern*" -not -path './build*' -printf '%P\n'
  done
}

@test "no source file is without its licence tag" {
  local file bad=0
  while read -r file; do
    head -n 2 "$file" | grep -q 'SPDX-License-Identifier: MIT' || { echo "$file has none"; bad=1; }
  done < <(files '*.cc' '*.h' '*.bats' '*.bash')
  [ "$bad" -eq 0 ]
}

@test "every C++ file says in its second line what it is for" {
  local file bad=0
  while read -r file; do
    sed -n 2p "$file" | grep -q '^// .*[a-z]' || { echo "$file"; bad=1; }
  done < <(files '*.cc' '*.h')
  [ "$bad" -eq 0 ]
}

@test "nothing is left marked as unfinished" {
  ! files lib tools tests man systemd completions | grep -v '^tests/house/words.bats$' |
    xargs grep -nE '\b(TODO|FIXME|XXX|HACK)\b'
}

@test "no path of somebody's own machine is in the tree" {
  ! files | grep -v '^tests/house/words.bats$' | xargs grep -nIE '(^|[^a-z])/(home|root|work|Users)/[a-z]'
}

@test "tools stay under 150 lines and files under 400" {
  local bad=0 file lines
  while read -r file; do
    lines=$(wc -l <"$file")
    case $file in
      tools/*) [ "$lines" -le 150 ] || { echo "$file has $lines lines: it hides a room"; bad=1; } ;;
      *) [ "$lines" -le 400 ] || { echo "$file has $lines lines: find the second subject"; bad=1; } ;;
    esac
  done < <(files 'lib/*.cc' 'lib/*.h' 'tools/*.cc' 'tools/*.h' 'tests/*.cc' 'tests/*.h')
  [ "$bad" -eq 0 ]
}

@test "tests wait for conditions, never for a while" {
  ! files tests | grep -v '^tests/house/words.bats$' | xargs grep -nIE '(^|[^_a-z.-])u?sleep +[0-9.$]|sleep_for|sleep_until'
}

@test "the code is formatted" {
  command -v clang-format-14 >/dev/null || skip "needs clang-format-14"
  files '*.cc' '*.h' | xargs clang-format-14 --dry-run --Werror
}

@test "shell scripts have no trap that shellcheck knows" {
  command -v shellcheck >/dev/null || skip "needs shellcheck"
  files tests/deps tests/run_bats tests/bed/demo tests/bench/run tests/fuzz/run .ci/run completions/generate '*.bash' |
    xargs shellcheck -x -S warning -e SC1091
}

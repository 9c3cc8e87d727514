# SPDX-License-Identifier: MIT
# The arrows between rooms: lib/README.md's table is the law, every #include is a fact.

setup() { cd "$BATS_TEST_DIRNAME/../.." || return 1; }

granted() {  # ROOM: the rooms its row allows; fails when it has no row
  awk -F'|' -v room="$1" '$2 == " " room " " { print $3; found = 1 } END { exit !found }' lib/README.md
}

included_by() {  # FILE...: the rooms they include
  sed -n 's/^ *# *include "\([a-z_]*\)\/.*/\1/p' "$@" | sort -u
}

@test "every include in lib/ follows the may-use table" {
  local bad=0 dir room uses target
  for dir in lib/*/; do
    room=$(basename "$dir")
    uses=$(granted "$room") || { echo "lib/$room has no row in the table"; bad=1; }
    for target in $(included_by "$dir"*); do
      case " $room $uses " in *" $target "*) continue ;; esac
      echo "lib/$room uses $target, which its row does not grant"
      bad=1
    done
  done
  [ "$bad" -eq 0 ]
}

@test "every row of the may-use table grants only rooms above it" {
  local bad=0 above="" room target
  while read -r room; do
    for target in $(granted "$room"); do
      case " $above " in *" $target "*) ;; *) echo "$room may use $target, which is not above it"; bad=1 ;; esac
    done
    above="$above $room"
  done < <(sed -n 's/^| \([a-z]*\) |.*|.*|$/\1/p' lib/README.md | grep -v '^room$')
  [ -n "$above" ] && [ "$bad" -eq 0 ]
}

@test "tools include no other tool and nothing that CMake does not link" {
  local bad=0 path tool target uses
  for path in tools/*.cc tools/*/; do
    [ -e "$path" ] || continue
    tool=$(basename "$path" .cc)
    uses=$(sed -n "s/^ *xlimit_tool($tool  *USES \(.*\))/\1/p" tools/CMakeLists.txt)
    [ -n "$uses" ] || { echo "tools/CMakeLists.txt has no line for $tool"; bad=1; }
    for target in $(included_by $(find "$path" -type f)); do
      case " base ip $tool $uses " in *" $target "*) continue ;; esac
      echo "$tool includes $target, which its line in tools/CMakeLists.txt does not name"
      bad=1
    done
  done
  [ "$bad" -eq 0 ]
}

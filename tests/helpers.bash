# SPDX-License-Identifier: MIT
# What the bats files share. Load it with: load ../helpers
#
# Waiting is for a condition and bounded by a deadline, never for a while: wait_until, wait_for_line.
# Whatever spawn starts is ended and whatever netns_add makes is removed after each test. A file that has a teardown of
# its own and uses them calls `cleanup` in it.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${XLIMIT_BUILD:-$ROOT/build}
PATH=$BUILD/bin:$PATH
DEADLINE=${XLIMIT_DEADLINE:-20}  # seconds that any wait may last
export PATH
# What ipban remembers: never in the host's own folder, and a test's own.
export STATE_DIRECTORY=${BATS_TEST_TMPDIR:-${TMPDIR:-/tmp}/xlimit-test}/state

# --- golden cases ---------------------------------------------------------------------------------------------

# run_cases TOOL: every folder of tests/cases/TOOL. `cmd` is a shell command, run in a copy of the folder with
# stdin from `in` (or nothing); its output must be `out`, its complaints `err` and its exit code `rc` (each empty
# or 0 when the file is not there). UPDATE=1 writes what came instead of comparing.
run_cases() {
  local case bad=0 count=0
  for case in "$ROOT/tests/cases/$1"/*/; do
    [[ -f $case/cmd ]] || continue
    count=$((count + 1))
    run_case "${case%/}" || bad=$((bad + 1))
  done
  [[ $count -gt 0 ]] || { echo "no case in tests/cases/$1"; return 1; }
  [[ $bad -eq 0 ]] || { echo "$bad of $count cases of $1 differ; UPDATE=1 records what came"; return 1; }
}

run_case() {
  local case=$1 got rc=0 want part
  got=$(mktemp -d "${BATS_TEST_TMPDIR:-/tmp}/case.XXXXXX")
  cp -r "$case" "$got/work"
  [[ -f $case/in ]] || : >"$got/work/in"
  (cd "$got/work" && TZ=UTC bash ./cmd <in >"$got/out" 2>"$got/err") 3>&- || rc=$?
  echo "$rc" >"$got/rc"
  if [[ ${UPDATE:-} = 1 ]]; then
    for part in out err; do
      if [[ -s $got/$part ]]; then cp "$got/$part" "$case/$part"; else rm -f "$case/$part"; fi
    done
    if [[ $rc -ne 0 ]]; then echo "$rc" >"$case/rc"; else rm -f "$case/rc"; fi
    return 0
  fi
  for part in out err rc; do
    want=$case/$part
    if [[ ! -f $want ]]; then
      want=$got/want
      if [[ $part = rc ]]; then echo 0 >"$want"; else : >"$want"; fi
    fi
    diff -u --label "${case#"$ROOT"/}/$part" --label "what came" "$want" "$got/$part" || return 1
  done
}

# --- waiting --------------------------------------------------------------------------------------------------

# A breath between two looks at a condition: nobody ever writes to this descriptor.
breathe() {
  [[ -n ${BREATH:-} ]] || exec {BREATH}<> <(:)
  read -rt 0.005 -u "$BREATH" || :
}

# wait_until CMD...: until it succeeds; fails, and says so, when the deadline passes.
wait_until() {
  local end=$((SECONDS + DEADLINE))
  until "$@" >/dev/null 2>&1; do
    if [[ $SECONDS -ge $end ]]; then
      echo "still not true after $DEADLINE s: $*"
      return 1
    fi
    breathe
  done
}

# wait_for_line FILE PATTERN [COUNT]: until COUNT (1) lines of FILE match the extended regular expression.
wait_for_line() {
  wait_until has_lines "$1" "$2" "${3:-1}" && return
  echo "--- $1:"
  tail -n 20 "$1"
  return 1
}
has_lines() { [[ $(grep -Ec -- "$2" "$1") -ge $3 ]]; }

# wait_gone PID: until that process, a child of ours or not, has ended.
wait_gone() { wait_until is_gone "$1"; }
is_gone() {
  local stat
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
  stat=${stat##*) }
  [[ ${stat:0:1} = Z ]]
}

# --- processes ------------------------------------------------------------------------------------------------

# spawn CMD...: in the background, with bats' own descriptor closed; the process id is in $SPAWNED.
spawn() {
  "$@" <&0 3>&- &  # in the background stdin would be the null device
  SPAWNED=$!
  echo "$SPAWNED" >>"$BATS_TEST_TMPDIR/spawned"
}

end_spawned() {
  local pid
  [[ -f $BATS_TEST_TMPDIR/spawned ]] || return 0
  while read -r pid; do
    kill "$pid" 2>/dev/null || :
  done <"$BATS_TEST_TMPDIR/spawned"
  while read -r pid; do
    wait_gone "$pid" || kill -9 "$pid" 2>/dev/null || :
  done <"$BATS_TEST_TMPDIR/spawned"
  rm -f "$BATS_TEST_TMPDIR/spawned"
}

# --- network namespaces ---------------------------------------------------------------------------------------

needs_root() { [[ $EUID -eq 0 ]] || skip "needs root"; }
needs() {
  local program
  for program; do
    command -v "$program" >/dev/null || skip "needs $program"
  done
}
needs_netns() {
  needs_root
  unshare -n true 2>/dev/null || skip "no network namespaces here"
}

# in_fresh_netns CMD...: in a namespace of its own that ends with the command; only `lo` is there, and up.
in_fresh_netns() { unshare -n -- bash -c 'ip link set lo up && exec "$@"' in_fresh_netns "$@"; }

# netns_add NAME...: named namespaces of this test, `lo` up. in_netns NAME CMD... runs there.
netns_add() {
  local name
  for name; do
    ip netns add "$(netns_name "$name")"
    echo "$(netns_name "$name")" >>"$BATS_TEST_TMPDIR/namespaces"
    ip -n "$(netns_name "$name")" link set lo up
  done
}
netns_name() { echo "xlt$$-${BATS_TEST_NUMBER:-0}-$1"; }
in_netns() { ip netns exec "$(netns_name "$1")" "${@:2}"; }

# netns_join A ADDRESSES B ADDRESSES: a cable between two namespaces; addresses with their prefix, blank separated.
netns_join() {
  local a b address
  a=$(netns_name "$1") b=$(netns_name "$3")
  ip -n "$a" link add "to-$3" type veth peer name "to-$1" netns "$b"
  for address in $2; do netns_address "$a" "$address" "to-$3"; done
  for address in $4; do netns_address "$b" "$address" "to-$1"; done
  ip -n "$a" link set "to-$3" up
  ip -n "$b" link set "to-$1" up
}

# No duplicate address detection: an address is of use at once.
netns_address() {
  if [[ $2 = *:* ]]; then ip -n "$1" address add "$2" dev "$3" nodad; else ip -n "$1" address add "$2" dev "$3"; fi
}

netns_cleanup() {
  local name
  [[ -f $BATS_TEST_TMPDIR/namespaces ]] || return 0
  while read -r name; do ip netns del "$name"; done <"$BATS_TEST_TMPDIR/namespaces"
  rm -f "$BATS_TEST_TMPDIR/namespaces"
}

cleanup() {
  end_spawned
  netns_cleanup
}
teardown() { cleanup; }

# SPDX-License-Identifier: MIT
# Runs the examples of one man page in their order: bash examples.bash FOLDER <LINES, in namespaces of their own.

set -euo pipefail
# shellcheck source=tests/helpers.bash
source "${BASH_SOURCE[0]%/*}/../helpers.bash"
export TZ=UTC BATS_TEST_TMPDIR=$1 STATE_DIRECTORY=$1/state

access() {  # ADDRESS
  printf '%(%Y/%m/%d %H:%M:%S)T.000000 from %s:4000 accepted tcp:www.example.com:443 [in >> out] email: ann\n' -1 "$1"
}
share() {
  local end
  for end in 7 8 9 7 8; do access "203.0.113.$end"; done
}

# /etc, /var/log and the folder are what a node would have.
furnish() {
  mkdir -p "$1"/{log/xray,log/xlimit,etc,work,bin,here}
  mount -t overlay overlay -o "lowerdir=/etc,upperdir=$1/etc,workdir=$1/work" /etc
  mount --bind "$1/log" /var/log
  mkdir -p /etc/xlimit
  cd "$1/here"
  echo 192.0.2.0/24 >/etc/xlimit/allow
  printf '[[source]]\nname = "mine"\nurl = "file://%s/mine.txt"\n' "$PWD" >/etc/xlimit/blocklist.toml
  echo 8.8.8.8 | tee mine.txt >theirs.txt
  echo 203.0.113.7 | tee blocklist.txt >>mine.txt
  share | tee /var/log/xray/access.log >access.log
  # The other host is this one.
  printf '#!/bin/sh\nshift\nexec "$@"\n' >"$1/bin/ssh"
  chmod +x "$1/bin/ssh"
  PATH=$1/bin:$PATH
}

# Followers never end by themselves: the log grows until something comes of it.
is_follower() { [[ $1 = *xlog-tail* && $1 != *--no-follow* && $1 != *--explain* ]]; }
follow() {
  local rc=0
  spawn timeout "$DEADLINE" bash -o pipefail -c "$1" >../out 2>../err </dev/null
  wait_until something_came "$SPAWNED" || return
  if is_gone "$SPAWNED"; then wait "$SPAWNED" || rc=$?; echo "ended with $rc"; return 1; fi
  kill "$SPAWNED"
  wait_gone "$SPAWNED"
  [[ ! -s ../err ]]
}
something_came() {
  share >>/var/log/xray/access.log
  [[ -s ../out || -s ../err || -s /var/log/xlimit/events.ndjson ]] || is_gone "$1"
}

# Where nothing is to be found the answer is 1 without a word.
run_to_its_end() {
  local rc=0
  timeout "$DEADLINE" bash -o pipefail -c "$1" >../out 2>../err </dev/null || rc=$?
  [[ $rc -eq 0 || ($rc -eq 1 && ! -s ../err) ]] || { echo "exit code $rc"; return 1; }
}

furnish "$1"
bad=0
while IFS= read -r line; do
  kind=run_to_its_end
  if is_follower "$line"; then kind=follow; fi
  "$kind" "$line" >../why || { echo "$line: $(cat ../why) $(head -n 3 ../err)"; bad=1; }
done
exit "$bad"

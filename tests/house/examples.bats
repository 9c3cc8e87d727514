# SPDX-License-Identifier: MIT
# Whoever copies an example out of a man page gets what the page promises, not a usage error.

load ../helpers

# The commands of a page's EXAMPLES: displayed lines that start with a prompt.
examples_of() { sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/s/^\.Dl [#$] //p' "$1" | sed 's/\\-/-/g; s/\\(aq/'"'"'/g; s/\\e/\\/g'; }

# In namespaces of its own, where /var/log and /etc/xlimit are what a node would have. Followers never end by
# themselves: after a moment in which they could have complained they are stopped.
run_example() {
  # shellcheck disable=SC2016  # for the inner shell
  in_fresh_netns unshare -m -- bash -c '
    set -e
    mkdir -p "$1"/{log/xray,log/xlimit,etc,work,home}
    mount -t overlay overlay -o "lowerdir=/etc,upperdir=$1/etc,workdir=$1/work" /etc
    mount --bind "$1/log" /var/log
    mkdir -p /etc/xlimit
    echo 192.0.2.0/24 >/etc/xlimit/allow
    echo "2026/06/01 12:00:00.000000 from 203.0.113.7:4000 accepted tcp:www.example.com:443 [in >> out] email: ann" |
      tee /var/log/xray/access.log >"$1/here/access.log"
    cd "$1/here"
    exec timeout -s TERM 1 bash -o pipefail -c "$2"' example "$BATS_TEST_TMPDIR/$RANDOM" "$1"
}

@test "every example in a man page runs" {
  needs_netns
  needs jq
  local page line rc bad=0 count=0
  for page in "$ROOT"/man/*.[1-8]; do
    while IFS= read -r line; do
      count=$((count + 1)) rc=0
      run_example "$line" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- </dev/null || rc=$?
      case $rc in 0 | 1 | 124) continue ;; esac
      echo "$(basename "$page"): $line: exit code $rc: $(head -n 3 "$BATS_TEST_TMPDIR/err")"
      bad=1
    done < <(examples_of "$page")
  done
  [ "$count" -gt 5 ]
  [ "$bad" -eq 0 ]
}

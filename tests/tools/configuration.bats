# SPDX-License-Identifier: MIT
# The configuration file that is read without being named.

bats_require_minimum_version 1.5.0
load ../helpers

# with_default MODE CMD...: as nobody, with an /etc/xlimit/ipban.toml of that mode, seen by CMD alone.
with_default() {
  unshare -m -- bash -c '
    mount -t tmpfs tmpfs /etc && mkdir /etc/xlimit && echo "bogus = 1" >/etc/xlimit/ipban.toml &&
      chmod "$0" /etc/xlimit/ipban.toml && exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"' "$@"
}

setup() {
  needs_root
  needs setpriv
  unshare -m true 2>/dev/null || skip "no mount namespaces here"
}

@test "a default configuration file is read" {
  run -78 with_default 644 ipban add 203.0.113.7
  [[ $output = "ipban: /etc/xlimit/ipban.toml:1: 'bogus': no such option" ]]
}

@test "one that may not be read is never taken for an absent one" {
  run -77 with_default 600 ipban add 203.0.113.7
  [[ $output = "ipban: open '/etc/xlimit/ipban.toml': Permission denied" ]]
  run -0 with_default 600 ipban --help
  run -77 with_default 600 ipban --config /dev/null add 203.0.113.7
  [[ $output = "ipban: use kernel sets: Operation not permitted" ]]
}

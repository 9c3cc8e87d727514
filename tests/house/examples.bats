# SPDX-License-Identifier: MIT
# Whoever copies an example out of a man page gets what the page promises, not a usage error.

load ../helpers

# The commands of a page's EXAMPLES: displayed lines that start with a prompt.
examples_of() { sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/s/^\.Dl [#$] //p' "$1" | sed 's/\\-/-/g; s/\\(aq/'"'"'/g; s/\\(dq/"/g; s/\\e/\\/g'; }

run_examples() {  # FOLDER <LINES
  in_fresh_netns unshare -m -- bash "$BATS_TEST_DIRNAME/examples.bash" "$1" 3>&-
}

@test "every example in a man page runs" {
  needs_netns
  needs jq
  local page folder bad=0 count=0
  for page in "$ROOT"/man/*.[1-8]; do
    folder=$BATS_TEST_TMPDIR/$(basename "$page")
    mkdir "$folder"
    examples_of "$page" >"$folder/examples"
    count=$((count + $(wc -l <"$folder/examples")))
    run_examples "$folder" <"$folder/examples" || { echo "in $page"; bad=1; }
  done
  [ "$count" -gt 5 ]
  [ "$bad" -eq 0 ]
}

@test "an example that fails, at once or behind another stage, is told" {
  needs_netns
  local line
  for line in "ipban list --bogus" "xlog-tail --bogus" "xlog-tail | session-detect --bogus"; do
    mkdir "$BATS_TEST_TMPDIR/$line"
    run run_examples "$BATS_TEST_TMPDIR/$line" <<<"$line"
    [ "$status" -eq 1 ]
    [[ $output = "$line: "*"no such option"* ]]
  done
}

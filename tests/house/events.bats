# SPDX-License-Identifier: MIT
# The page, the schema and what the programs write are one interface.
load ../helpers

SCHEMA=$ROOT/man/xlimit-events.schema.json

# check: every line of stdin that is an event of the toolkit, against the schema; fails when there is none.
check() {
  /usr/bin/python3 -c '
import json, sys
from jsonschema import Draft202012Validator
schema = json.load(open(sys.argv[1]))
types = {name: Draft202012Validator({**schema, "oneOf": [{"$ref": "#/$defs/" + name}]}) for name in schema["$defs"] if name != "time"}
count = bad = 0
for line in sys.stdin:
    try:
        event = json.loads(line)
        validator = types.get(event["type"])
    except (ValueError, TypeError, KeyError):
        continue
    if validator is None:
        continue
    count += 1
    for error in validator.iter_errors(event):
        bad += 1
        print(line, end="")
        for detail in error.context or [error]:
            print("  ", detail.message)
sys.exit(bad > 0 or count == 0)' "$SCHEMA"
}

@test "what the recorded cases write follows the schema" {
  # Lines that were broken on purpose and passed on are no events of ours.
  cat "$ROOT"/tests/cases/*/*/out | grep -v '"target":"not an address"' | grep -v '"banana"' | check
}

@test "the page's example follows the schema" {
  grep '^{' "$ROOT/man/xlimit-events.5" | check
}

@test "the page describes every type and every field of the schema" {
  /usr/bin/python3 -c '
import json, sys
for name, event in json.load(open(sys.argv[1]))["$defs"].items():
    if name != "time":
        print(name, *event["properties"])' "$SCHEMA" >"$BATS_TEST_TMPDIR/words"
  while read -r type fields; do
    grep -Eq "^\.Ss $type\$|^\.Sy $type\$" "$ROOT/man/xlimit-events.5" || { echo "no section for $type"; false; }
    for field in $fields; do
      grep -Eq "(Va|,) ?$field( |\$|,)" "$ROOT/man/xlimit-events.5" || { echo "$type: $field is not on the page"; false; }
    done
  done <"$BATS_TEST_TMPDIR/words"
}

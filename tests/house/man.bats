# SPDX-License-Identifier: MIT
# Every program has a page; page and help tell the same options; pages are well-formed and their examples run.

load ../helpers

rendered() { mandoc -T ascii -O width=200 "$1" | col -b; }
page_of() { local pages=("$ROOT"/man/"$1".[18]); echo "${pages[0]}"; }
programs() { ls "$BUILD/bin"; }
verbs_of() { "$BUILD/bin/$1" --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]\S*\).*/\1/p'; }
options_of() { "$BUILD/bin/$1" "${@:2}" --help | grep -oE '^  (-[a-z], )?--[a-z0-9-]+' | grep -oE -- '--[a-z0-9-]+'; }
all_options_of() {
  local verb
  {
    options_of "$1"
    for verb in $(verbs_of "$1"); do options_of "$1" "$verb"; done
  } | sort -u
}

setup() { needs mandoc col groff; }

@test "pages have no mistake that mandoc or groff would warn of" {
  local page bad=0
  for page in "$ROOT"/man/*.[1-8]; do
    mandoc -T lint -W warning "$page" || bad=1
    [ -z "$(groff -man -ww -z -Tutf8 -mandoc "$page" 2>&1 | tee /dev/stderr)" ] || bad=1
  done
  [ "$bad" -eq 0 ]
}

@test "every program has a page with the shared headings in the shared order" {
  local program bad=0 got
  for program in $(programs); do
    [ -f "$(page_of "$program")" ] || { echo "$program has no page"; bad=1; continue; }
    got=$(rendered "$(page_of "$program")" | grep -E '^(NAME|SYNOPSIS|DESCRIPTION|OPTIONS|EXIT STATUS|EXAMPLES|SEE ALSO)$' | paste -sd,)
    [ "$got" = "NAME,SYNOPSIS,DESCRIPTION,OPTIONS,EXIT STATUS,EXAMPLES,SEE ALSO" ] || { echo "$program: $got"; bad=1; }
  done
  [ "$bad" -eq 0 ]
}

# What may stand behind the options, with or without a verb, by the help and by the page.
help_arguments() { "$BUILD/bin/$1" "${@:2}" --help | sed -nE '1s/^.*\[OPTION\]\.\.\. ?//p' | sed -E 's/\]\.\.\./ ...]/g; s/([A-Z])\.\.\./\1 .../g'; }
page_arguments() {  # PROGRAM [VERB]
  rendered "$(page_of "$1")" | sed -n '/^SYNOPSIS/,/^DESCRIPTION/p' |
    sed -nE "s/^ +$1 ${2:+([a-z| ]+ )?$2( [|][a-z| ]+)? }\[option \.\.\.\] ?//p" | head -n 1
}

@test "help and page know the same arguments" {
  local program verb bad=0
  for program in $(programs); do
    for verb in "" $(verbs_of "$program"); do
      # shellcheck disable=SC2086  # an empty verb is none
      [ "$(help_arguments "$program" $verb)" = "$(page_arguments "$program" $verb)" ] && continue
      echo "$program $verb: '$(help_arguments "$program" $verb)', page: '$(page_arguments "$program" $verb)'"
      bad=1
    done
  done
  [ "$bad" -eq 0 ]
}

@test "help and page know the same options and verbs" {
  local program option verb bad=0 text entries
  for program in $(programs); do
    text=$(rendered "$(page_of "$program")")
    for option in $(all_options_of "$program"); do
      grep -qE -- "(^|[^a-z0-9-])$option([^a-z0-9-]|$)" <<<"$text" || { echo "$program(page) does not tell of $option"; bad=1; }
    done
    for verb in $(verbs_of "$program"); do
      grep -qwF -- "$verb" <<<"$text" || { echo "$program(page) does not tell of the verb $verb"; bad=1; }
    done
    entries=$(grep -oE '^ +(-[a-z], )?--[a-z0-9-]+' <<<"$text" | grep -oE -- '--[a-z0-9-]+' | sort -u)
    for option in $entries; do
      grep -qxF -- "$option" <(all_options_of "$program") || { echo "$program(page) tells of $option, which does not exist"; bad=1; }
    done
  done
  [ "$bad" -eq 0 ]
}

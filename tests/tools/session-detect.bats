# SPDX-License-Identifier: MIT
# session-detect as a program: recorded cases, and what only a running process shows.
load ../helpers

teardown() { cleanup; }

@test "every recorded case still comes out the same" {
  run_cases session-detect
}

# SPDX-License-Identifier: MIT
# ipban where no kernel set is touched: command lines, refusals, what is passed on.

load ../helpers

@test "every recorded case still gives the same" { run_cases ipban; }

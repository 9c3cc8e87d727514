# SPDX-License-Identifier: MIT
# sockkill where no socket is touched: command lines, filters, what is passed on.

load ../helpers

@test "every recorded case still gives the same" { run_cases sockkill; }

// SPDX-License-Identifier: MIT
// What Prometheus reads.
#include <doctest/doctest.h>

#include "metrics/page.h"

using namespace xlimit;

TEST_CASE("a counter is known by its name, and a gauge by not being one") {
  metrics::Page page;
  page.metric("xlimit_lines_total", "Lines that were read.", 18446744073709551615U);
  page.metric("xlimit_files", "Files that are open.", 0);
  CHECK(page.text() ==
        "# HELP xlimit_lines_total Lines that were read.\n"
        "# TYPE xlimit_lines_total counter\n"
        "xlimit_lines_total 18446744073709551615\n"
        "# HELP xlimit_files Files that are open.\n"
        "# TYPE xlimit_files gauge\n"
        "xlimit_files 0\n");
}

TEST_CASE("labels tell values of one name apart, whatever is in them") {
  metrics::Page page;
  page.metric("xlimit_lost_bytes_total", "Bytes.");
  page.value(1, {{"file", "a\"b\\c\nd"}, {"kind", "lost"}});
  page.value(2, {{"file", "e"}, {"kind", ""}});
  CHECK(
      page.text().ends_with("counter\n"
                            "xlimit_lost_bytes_total{file=\"a\\\"b\\\\c\\nd\",kind=\"lost\"} 1\n"
                            "xlimit_lost_bytes_total{file=\"e\",kind=\"\"} 2\n"));
}

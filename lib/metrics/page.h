// SPDX-License-Identifier: MIT
// Counters as text that Prometheus reads (pure).
//
//   metrics::Page page;
//   page.metric("xlimit_xlog_tail_lost_bytes_total", "Bytes that were written and not read.");
//   page.value(214, {{"file", "access.log"}, {"kind", "truncated"}});
//   write(page.text());
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace xlimit::metrics {

struct Label {
  std::string_view name, value;
};

class Page {
 public:
  // Its values follow. A name that ends in "_total" is a counter, every other is a gauge.
  void metric(std::string_view name, std::string_view help);
  void value(std::uint64_t value, std::initializer_list<Label> labels = {});
  // Both, for one that has a single value.
  void metric(std::string_view name, std::string_view help, std::uint64_t only) {
    metric(name, help);
    value(only);
  }

  const std::string& text() const { return text_; }

 private:
  std::string name_, text_;
};

}  // namespace xlimit::metrics

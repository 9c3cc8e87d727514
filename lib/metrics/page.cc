// SPDX-License-Identifier: MIT
// The text exposition format, version 0.0.4.
#include "metrics/page.h"

namespace xlimit::metrics {
namespace {

// Paths may hold anything.
void append_value(std::string& text, std::string_view value) {
  for (const char c : value) {
    if (c == '\\' || c == '"' || c == '\n') text.push_back('\\');
    text.push_back(c == '\n' ? 'n' : c);
  }
}

}  // namespace

void Page::metric(std::string_view name, std::string_view help) {
  name_ = name;
  text_.append("# HELP ").append(name).append(" ").append(help).append("\n");
  text_.append("# TYPE ").append(name).append(name.ends_with("_total") ? " counter\n" : " gauge\n");
}

void Page::value(std::uint64_t value, std::initializer_list<Label> labels) {
  text_ += name_;
  char before = '{';
  for (const Label& label : labels) {
    text_.append(1, before).append(label.name).append("=\"");
    append_value(text_, label.value);
    text_.push_back('"');
    before = ',';
  }
  if (labels.size() > 0) text_.push_back('}');
  text_.append(" ").append(std::to_string(value)).append("\n");
}

}  // namespace xlimit::metrics

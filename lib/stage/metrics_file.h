// SPDX-License-Identifier: MIT
// The option --metrics FILE: a program's counters, replaced every few seconds and at the end.
//
//   stage::offer_metrics(command, settings.metrics);      // where the options are declared; then in the body
//   auto metrics = stage::MetricsFile::open(command, settings.metrics, loop, [&](metrics::Page& page) {
//     page.metric("xlimit_session_detect_lines_total", "Lines that were read.", lines);
//   });
//   if (!metrics) return base::failed(metrics);
//   loop.run();
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cli/command.h"
#include "cli/complaint.h"
#include "metrics/page.h"
#include "stream/loop.h"

namespace xlimit::stage {

void offer_metrics(cli::Command& command, std::string& path);

class MetricsFile {
 public:
  using Fill = std::function<void(metrics::Page&)>;
  static constexpr std::chrono::seconds kPeriod{10};

  // Writes at once, every kPeriod while the loop runs, and in the destructor; nothing when `path` is empty.
  // Fails when the file cannot be written at once. A disk that is full, and what goes wrong later, stops
  // nothing: it is warned of and tried again.
  static base::Result<std::unique_ptr<MetricsFile>> open(const cli::Command& command, std::string path,
                                                         stream::Loop& loop, Fill fill);
  ~MetricsFile();
  MetricsFile(const MetricsFile&) = delete;
  MetricsFile& operator=(const MetricsFile&) = delete;

 private:
  MetricsFile(const cli::Command& command, std::string path, Fill fill);
  base::Result<void> write();
  void keep();

  std::string path_;
  Fill fill_;
  cli::Complaint unwritten_;
  std::optional<stream::Timer> timer_;
};

}  // namespace xlimit::stage

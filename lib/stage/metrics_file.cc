// SPDX-License-Identifier: MIT
#include "stage/metrics_file.h"

#include "store/atomic_file.h"

namespace xlimit::stage {

void offer_metrics(cli::Command& command, std::string& path) {
  command.option("--metrics", path, "FILE", "keep counters in FILE, as text for Prometheus");
}

MetricsFile::MetricsFile(const cli::Command& command, std::string path, stream::Loop& loop, Fill fill)
    : path_(std::move(path)), fill_(std::move(fill)), unwritten_(command, "the metrics are not kept") {
  if (path_.empty()) return;
  timer_.emplace(loop, kPeriod, [this] { write(); });
  write();
}

MetricsFile::~MetricsFile() { write(); }

void MetricsFile::write() {
  if (path_.empty()) return;
  metrics::Page page;
  fill_(page);
  if (base::Result<void> written = store::publish_file(path_, page.text()); !written)
    unwritten_.add(written.error().text);
}

}  // namespace xlimit::stage

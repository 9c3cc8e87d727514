// SPDX-License-Identifier: MIT
// Written beside and renamed over, once a period and at the end.
#include "stage/metrics_file.h"

#include "store/atomic_file.h"

namespace xlimit::stage {

void offer_metrics(cli::Command& command, std::string& path) {
  command.option("--metrics", path, "FILE", "keep counters in FILE, as text for Prometheus");
}

MetricsFile::MetricsFile(const cli::Command& command, std::string path, Fill fill)
    : path_(std::move(path)), fill_(std::move(fill)), unwritten_(command, "the metrics are not kept") {}

base::Result<std::unique_ptr<MetricsFile>> MetricsFile::open(const cli::Command& command, std::string path,
                                                             stream::Loop& loop, Fill fill) {
  std::unique_ptr<MetricsFile> file{new MetricsFile{command, std::move(path), std::move(fill)}};
  base::Result<void> written = file->write();
  if (!written && written.error().code != base::Exit::kIo) {
    file->path_.clear();
    return base::failed(written);
  }
  if (!written) file->unwritten_.add(written.error().text);
  if (!file->path_.empty()) file->timer_.emplace(loop, kPeriod, [self = file.get()] { self->keep(); });
  return file;
}

MetricsFile::~MetricsFile() { keep(); }

void MetricsFile::keep() {
  if (base::Result<void> written = write(); !written) unwritten_.add(written.error().text);
}

base::Result<void> MetricsFile::write() {
  if (path_.empty()) return {};
  metrics::Page page;
  fill_(page);
  return store::publish_file(path_, page.text());
}

}  // namespace xlimit::stage

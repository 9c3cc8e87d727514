// SPDX-License-Identifier: MIT
// xlog-tail: follows access logs of Xray and v2ray and writes one `access` event a line.
#include "base/zone.h"
#include "cli/command.h"
#include "cli/print.h"
#include "xlog-tail/program.h"
#include "xlog/explain.h"

namespace {

using namespace xlimit;
using xlog_tail::Settings;
using xlog_tail::Start;

base::Result<base::Exit> run(Settings& settings, const cli::Command& command) {
  if (base::Result<void> set = base::use_zone(settings.zone); !set) return base::failed(set);
  if (!settings.explain.empty()) {
    xlog::Reader reader{base::to_utc, command.common().node};
    cli::write_out(xlog::explain(reader, settings.explain));
    return base::Exit::kDone;
  }
  if (settings.files.empty() && settings.command.empty())
    settings.files.push_back("/var/log/xray/access.log");
  std::optional<follow::Checkpoint> checkpoint;
  if (!settings.checkpoint.empty()) {
    base::Result<follow::Checkpoint> opened = follow::Checkpoint::open(settings.checkpoint);
    if (!opened) return base::failed(opened);
    checkpoint.emplace(std::move(*opened));
  }
  return xlog_tail::Program{settings, command, std::move(checkpoint)}.run();
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  cli::Command command{"xlog-tail", "Follow access logs of Xray and v2ray, write one access event a line."};
  command.arguments(settings.files, "FILE",
                    "logs, FIFOs, quoted globs; '-' is stdin [/var/log/xray/access.log]", false);
  command.option("--no-follow", settings.once, "read to the end and stop");
  command.choice("--from", settings.from,
                 {{"start", Start::start}, {"end", Start::end}, {"last", Start::last}},
                 "where to begin; last: where the checkpoint says [last, else end; start with --no-follow]");
  command.option("--checkpoint", settings.checkpoint, "FILE", "keep in FILE where reading got to");
  command.option("--timezone", settings.zone, "ZONE", "the log's time zone [this host's]");
  command.option("--explain", settings.explain, "LINE", "show how one line is read, step by step");
  command.rest("--command", settings.command, "PROGRAM ARG...",
               "read what a program writes; takes the rest of the line");
  return command.run(argc, argv, [&] { return run(settings, command); });
}

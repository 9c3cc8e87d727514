// SPDX-License-Identifier: MIT
// xlog-tail: follows access logs of Xray and v2ray and writes one `access` event a line.
#include "base/zone.h"
#include "cli/command.h"
#include "cli/print.h"
#include "stage/metrics_file.h"
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
  if (settings.checkpoint.empty())
    return xlog_tail::Program{settings, command, outbox::Outbox{STDOUT_FILENO}, {}}.run();
  base::Result<outbox::Outbox> out =
      outbox::Outbox::open(STDOUT_FILENO, settings.checkpoint, settings.resumes());
  if (!out) return base::failed(out);
  std::optional<follow::State> state;
  if (out->found()) {
    state = follow::parse_state(*out->found());
    if (!state)
      return base::fail(base::Exit::kData,
                        "read '" + settings.checkpoint + "': not a checkpoint of this program");
  }
  return xlog_tail::Program{settings, command, std::move(*out), std::move(state)}.run();
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  cli::Command command{"xlog-tail", "Follow access logs of Xray and v2ray, write one access event a line."};
  command.arguments(settings.files, "FILE...",
                    "logs, FIFOs, quoted globs; '-' is stdin [/var/log/xray/access.log]", false);
  command.option("--no-follow", settings.once, "read to the end and stop");
  command.choice("--from", settings.from,
                 {{"start", Start::start}, {"end", Start::end}, {"last", Start::last}},
                 "where to begin; last: where the checkpoint says [last, else end; start with --no-follow]");
  command.option("--checkpoint", settings.checkpoint, "FILE", "keep in FILE where reading got to");
  command.option("--timezone", settings.zone, "ZONE", "the log's time zone [this host's]");
  command.option("--explain", settings.explain, "LINE", "show how one line is read, step by step");
  command.keep_to_line("--explain");
  stage::offer_metrics(command, settings.metrics);
  command.rest("--command", settings.command, "PROGRAM ARG...",
               "read what a program writes; takes the rest of the line");
  return command.run(argc, argv, [&] { return run(settings, command); });
}

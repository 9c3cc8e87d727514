// SPDX-License-Identifier: MIT
// session-detect: reads access events, writes a violation and a ban for each user who breaks a rule.
#include "session-detect/judge.h"
#include "session-detect/study.h"

namespace {

using namespace session_detect;

base::Result<base::Exit> detect(const cli::Command& command, Settings& settings) {
  if (!settings.explain.empty() && !settings.compare.empty())
    return base::fail(base::Exit::kUsage, "--compare: not together with --explain");
  if (base::Result<void> completed = complete(settings); !completed) return base::failed(completed);
  base::Result<session::Limits> limits = read_limits(settings.limits_file);
  if (!limits) return base::failed(limits);
  if (!settings.explain.empty()) return explain(command, settings, *limits);
  if (!settings.compare.empty()) return compare(command, settings, *limits);
  Judge judge{command, settings, std::move(*limits)};
  if (base::Result<void> opened = judge.open(); !opened) return base::failed(opened);
  return judge.run();
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  cli::Command command{"session-detect",
                       "Read access events, write a ban for each user who holds too many places."};
  declare(command, settings);
  return command.run(argc, argv, [&] { return detect(command, settings); });
}

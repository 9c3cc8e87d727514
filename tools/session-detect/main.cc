// SPDX-License-Identifier: MIT
// session-detect: reads access events, writes a violation and a ban for each user who breaks a rule.
#include <chrono>
#include <optional>

#include "cli/command.h"
#include "event/encode.h"
#include "session/detector.h"
#include "session/report.h"
#include "settings.h"
#include "sockets/witness.h"
#include "stage/stage.h"
#include "stream/file.h"

namespace session_detect {
namespace {

using base::Exit;
using base::Result;
using stream::Output;

// Forgotten users are told at most once a minute.
void tell_evicted(session::Detector& detector, std::string_view node, Output& out) {
  event::Source source;
  source.lines = detector.take_evicted();
  if (*source.lines == 0) return;
  source.at = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  source.node = node;
  source.kind = "evicted";
  event::Line line;
  (void)out.write(event::encode(source, line));  // a failure shows at the next flush
}

Result<Exit> detect(const cli::Command& command, Settings& settings) {
  if (Result<void> completed = complete(settings); !completed) return base::failed(completed);
  Result<session::Limits> limits = read_limits(settings.limits_file);
  if (!limits) return base::failed(limits);
  session::Evidence evidence;
  std::optional<sockets::Witness> witness;
  if (settings.verify) {
    Result<sockets::Witness> opened =
        sockets::Witness::open([] { return Result<std::vector<ip::Address>>{}; },
                               [&](const std::string& text) { command.warn(text); });
    if (!opened) return base::failed(opened);
    witness.emplace(std::move(*opened));
    evidence.connection = [&](const ip::Address& address, std::uint16_t port) {
      return witness->sees(address, port);
    };
    evidence.any = [&](const ip::Prefix& prefix) { return witness->sees_any(prefix); };
  }
  const std::string& node = command.common().node;
  const std::string origin = node + "/session-detect";
  session::Detector detector{settings.policy, evidence,
                             [&](std::string_view user) { return limits->of(user); }};

  const auto on_event = [&](const event::Event& event, const stream::Piece& line, Output& out) -> Result<bool> {
    const auto* access = std::get_if<event::Access>(&event);
    if (access == nullptr) return false;
    if (settings.pass_access) {
      if (Result<void> passed = stream::pass(line, out); !passed) return base::failed(passed);
    }
    for (const session::Verdict& verdict : detector.feed(*access))
      session::report(verdict, access->node.empty() ? node : access->node, origin,
                      [&](std::string_view text) { (void)out.write(text); });
    return true;
  };
  const auto on_end = [&](Output& out) -> Result<void> {
    return tell_evicted(detector, node, out), Result<void>{};
  };
  stage::Stage stage{command, {.on_event = on_event, .on_other = {}, .on_drained = {}, .on_end = on_end}};

  const stream::Timer minute{stage.loop(), std::chrono::minutes{1}, [&] {
                               tell_evicted(detector, node, stage.out());
                               (void)stage.out().flush();
                             }};
  std::optional<stream::FileWatch> watch;
  if (!settings.limits_file.empty()) {
    watch.emplace(stage.loop(), settings.limits_file, [&] {
      Result<session::Limits> read = read_limits(settings.limits_file);
      if (read)
        limits = std::move(read);
      else
        command.warn(read.error().text + "; the limits stay as they were");
    });
  }
  return stage.run();
}

}  // namespace
}  // namespace session_detect

int main(int argc, char** argv) {
  using namespace session_detect;
  Settings settings;
  cli::Command command{"session-detect",
                       "Read access events, write a ban for each user who holds too many places."};
  declare(command, settings);
  return command.run(argc, argv, [&] { return detect(command, settings); });
}

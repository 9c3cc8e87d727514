// SPDX-License-Identifier: MIT
// session-detect: reads access events, writes a violation and a ban for each user who breaks a rule.
#include <chrono>
#include <optional>

#include "cli/command.h"
#include "cli/complaint.h"
#include "event/encode.h"
#include "host/watcher.h"
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

// A detector in a pipeline.
class Judge {
 public:
  Judge(const cli::Command& command, const Settings& settings, session::Limits limits)
      : command_(command),
        settings_(settings),
        limits_(std::move(limits)),
        origin_(node() + "/session-detect"),
        lookup_failed_(command, "look a connection up, taken as none") {}

  // Opens what --verify needs.
  Result<void> open();
  Result<Exit> run();

 private:
  const std::string& node() const { return command_.common().node; }
  Result<bool> take(const event::Event& event, const stream::Piece& line, Output& out);
  Result<void> tell_evicted(Output& out);
  void reread_limits();

  const cli::Command& command_;
  const Settings& settings_;
  session::Limits limits_;
  std::string origin_;
  cli::Complaint lookup_failed_;
  std::optional<host::Watcher> host_;
  std::optional<sockets::Witness> witness_;
  std::optional<session::Detector> detector_;
};

Result<void> Judge::open() {
  session::Evidence evidence;
  if (settings_.verify) {
    Result<host::Watcher> host = host::Watcher::open();
    if (!host) return base::failed(host);
    host_.emplace(std::move(*host));
    Result<sockets::Witness> witness = sockets::Witness::open(
        [this] { return host_->read().map([](host::Facts facts) { return std::move(facts.own); }); },
        [this](const std::string& text) { lookup_failed_.add(text); });
    if (!witness) return base::failed(witness);
    witness_.emplace(std::move(*witness));
    evidence.connection = [this](const ip::Address& address, std::uint16_t port) {
      return witness_->sees(address, port);
    };
    evidence.any = [this](const ip::Prefix& prefix) { return witness_->sees_any(prefix); };
  }
  detector_.emplace(settings_.policy, evidence, [this](std::string_view user) { return limits_.of(user); });
  return {};
}

Result<Exit> Judge::run() {
  stage::Stage stage{command_,
                     {.on_event = [this](const event::Event& event, const stream::Piece& line,
                                         Output& out) { return take(event, line, out); },
                      .on_other = {},
                      .on_drained = {},
                      .on_end = [this](Output& out) { return tell_evicted(out); }}};
  const stream::Timer minute{stage.loop(), std::chrono::minutes{1}, [&] {
                               Result<void> told = tell_evicted(stage.out());
                               if (told) told = stage.out().flush();
                               if (!told) stage.loop().stop(std::move(told.error()));
                             }};
  std::optional<stream::FileWatch> limits;
  if (!settings_.limits_file.empty())
    limits.emplace(stage.loop(), settings_.limits_file, [this] { reread_limits(); });
  return stage.run();
}

Result<bool> Judge::take(const event::Event& event, const stream::Piece& line, Output& out) {
  const auto* access = std::get_if<event::Access>(&event);
  if (access == nullptr) return false;
  Result<void> written;
  if (settings_.pass_access) written = stream::pass(line, out);
  for (const session::Verdict& verdict : detector_->feed(*access))
    session::report(verdict, access->node.empty() ? node() : access->node, origin_,
                    [&](std::string_view text) {
                      if (written) written = out.write(text);
                    });
  if (!written) return base::failed(written);
  return true;
}

// Forgotten users are told at the end and at most once a minute.
Result<void> Judge::tell_evicted(Output& out) {
  const std::uint64_t evicted = detector_->take_evicted();
  if (evicted == 0) return {};
  event::Source source;
  source.at = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  source.node = node();
  source.kind = "evicted";
  source.lines = evicted;
  event::Line line;
  return out.write(event::encode(source, line));
}

void Judge::reread_limits() {
  Result<session::Limits> read = read_limits(settings_.limits_file);
  if (read)
    limits_ = std::move(*read);
  else
    command_.warn(read.error().text + "; the limits stay as they were");
}

Result<Exit> detect(const cli::Command& command, Settings& settings) {
  if (Result<void> completed = complete(settings); !completed) return base::failed(completed);
  Result<session::Limits> limits = read_limits(settings.limits_file);
  if (!limits) return base::failed(limits);
  Judge judge{command, settings, std::move(*limits)};
  if (Result<void> opened = judge.open(); !opened) return base::failed(opened);
  return judge.run();
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

// SPDX-License-Identifier: MIT
// Feeds a stream to an Explainer or a Comparison. Sockets are of today and say nothing about a recorded
// stream, so the log is believed unless something else is asked for.
#include "session-detect/study.h"

#include "session-detect/proof.h"
#include "session/compare.h"
#include "session/explain.h"
#include "stage/stage.h"

namespace session_detect {

using base::Exit;
using base::Result;
using stream::Output;

namespace {

session::LimitOf limit_of(const session::Limits& limits) {
  return [&limits](std::string_view user) { return limits.of(user); };
}

// Every access event goes to `hear`; other lines end here.
Result<Exit> read_stream(const cli::Command& command,
                         const std::function<Result<void>(const event::Access&, Output&)>& hear,
                         const std::function<Result<void>(Output&)>& end) {
  stage::Stage stage{
      command,
      {.on_event = [&](const event::Event& event, const stream::Piece&, Output& out) -> Result<bool> {
         const auto* access = std::get_if<event::Access>(&event);
         Result<void> heard = access == nullptr ? Result<void>{} : hear(*access, out);
         if (!heard) return base::failed(heard);
         return true;
       },
       .drops_others = true,
       .on_other = {},
       .on_drained = {},
       .on_end = end}};
  return stage.run();
}

// The given options, with those of the file in their place.
Result<Settings> read_policy(const Settings& given, const std::string& path) {
  Settings settings = given;
  settings.explain = settings.compare = settings.state_file = "";  // of the run, not of a policy
  settings.policy.dry_run = false;
  cli::Command command{"session-detect", ""};
  declare(command, settings);
  const auto finish = [&]() -> Result<Exit> {
    if (!settings.state_file.empty()) return base::fail(Exit::kUsage, "--state: no part of a policy");
    if (settings.policy.dry_run) return base::fail(Exit::kUsage, "--dry-run: no part of a policy");
    Result<void> completed = complete(settings, given);
    if (!completed) return base::failed(completed);
    return Exit::kDone;
  };
  Result<Exit> done = command.run_file(path, finish);
  if (!done && done.error().code == Exit::kUsage)  // of an option that is not in the file itself
    return base::fail(Exit::kConfig, path + ": " + done.error().text);
  if (!done) return base::failed(done);
  return settings;
}

}  // namespace

Result<Exit> explain(const cli::Command& command, const Settings& settings, const session::Limits& limits) {
  std::unique_ptr<Proof> proof;
  if (settings.verify.value_or(false)) {
    Result<std::unique_ptr<Proof>> opened = Proof::open(command);
    if (!opened) return base::failed(opened);
    proof = std::move(*opened);
  }
  session::Detector detector{settings.policy, proof ? proof->evidence() : session::Evidence{},
                             limit_of(limits)};
  session::Explainer explainer{detector, settings.explain};
  return read_stream(
      command, [&](const event::Access& access, Output& out) { return out.write(explainer.hear(access)); },
      [&](Output& out) { return out.write(explainer.sum()); });
}

Result<Exit> compare(const cli::Command& command, const Settings& settings, const session::Limits& limits) {
  Result<Settings> other = read_policy(settings, settings.compare);
  if (!other) return base::failed(other);
  const bool same_limits = other->limits_file == settings.limits_file;
  Result<session::Limits> other_limits = same_limits ? limits : read_limits(other->limits_file);
  if (!other_limits) return base::failed(other_limits);
  session::Policy policy = settings.policy;
  policy.dry_run = false;  // would hide what is to be compared
  session::Detector one{policy, {}, limit_of(limits)};
  session::Detector two{other->policy, {}, limit_of(*other_limits)};
  session::Comparison comparison{one, two};
  return read_stream(
      command,
      [&](const event::Access& access, Output&) {
        comparison.hear(access);
        return Result<void>{};
      },
      [&](Output& out) {
        Result<void> written;
        comparison.write(command.common().node, [&](std::string_view line) {
          if (written) written = out.write(line);
        });
        command.warn(comparison.sum(settings.compare));
        return written;
      });
}

}  // namespace session_detect

// SPDX-License-Identifier: MIT
// xlog-tail: follows access logs of Xray and v2ray and writes one `access` event a line.
#include <fmt/core.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/zone.h"
#include "cli/command.h"
#include "stream/loop.h"
#include "stream/output.h"
#include "stream/tail.h"
#include "xlog/explain.h"
#include "xlog/feed.h"

namespace {

using namespace std::chrono_literals;
using namespace xlimit;

enum class Start : std::uint8_t { automatic, start, end };

struct Settings {
  std::vector<std::string> files;
  bool once = false;
  Start from = Start::automatic;
  std::string zone;
  std::string explain;
};

base::Time now() { return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now()); }

stream::From from(const Settings& settings) {
  const bool automatic_start = settings.from == Start::automatic && settings.once;
  return automatic_start || settings.from == Start::start ? stream::From::start : stream::From::end;
}

class Program {
 public:
  Program(const Settings& settings, const cli::Command& command)
      : settings_(settings),
        command_(command),
        tail_(loop_, {.follow = !settings.once, .from = from(settings)}, [this] { check(out_.flush()); }) {}

  base::Result<base::Exit> run() {
    for (const std::string& file : settings_.files) {
      if (base::Result<void> added = add(file); !added) return base::failed(added);
    }
    const stream::Timer minute{loop_, 1s, [this] { report(false); }};
    // No events asked for: a pipe whose reader left reports POLLERR by itself.
    const stream::Watch reader{loop_, out_.fd(), 0, [this](short bits) {
                                 if ((bits & POLLERR) != 0) loop_.stop();
                               }};
    if (base::Result<void> ended = loop_.run(); !ended) return base::failed(ended);
    if (out_.gone()) return base::Exit::kDone;
    tail_.finish();
    report(true);
    if (base::Result<void> flushed = out_.flush(); !flushed) return base::failed(flushed);
    return base::Exit::kDone;
  }

 private:
  base::Result<void> add(const std::string& file) {
    feeds_.push_back(std::make_unique<xlog::Feed>(file, command_.common().node, base::to_utc));
    xlog::Feed* feed = feeds_.back().get();
    if (from(settings_) == stream::From::end) feed->reader().set_last(now());
    return tail_.add(file, {.piece = [this, feed](const stream::Piece& piece) { take(*feed, piece); },
                            .gap =
                                [feed](stream::Gap gap, std::uint64_t bytes) {
                                  feed->count_bytes(gap == stream::Gap::lost ? "lost" : "truncated", bytes);
                                },
                            .warning = [this](const std::string& text) { command_.warn(text); }});
  }

  void take(xlog::Feed& feed, const stream::Piece& piece) {
    if (piece.whole()) {
      check(out_.write(feed.take(piece.text)));
    } else if (piece.first) {
      feed.count(xlog::Kind::too_long, piece.text);
    }
  }

  void report(bool end) {
    event::Line line;
    for (const std::unique_ptr<xlog::Feed>& feed : feeds_) {
      feed->report(now(), end,
                   [&](const event::Source& source) { check(out_.write(event::encode(source, line))); });
    }
    check(out_.flush());
  }

  void check(base::Result<void> result) {
    if (!result) loop_.stop(std::move(result.error()));
    if (out_.gone()) loop_.stop();
  }

  const Settings& settings_;
  const cli::Command& command_;
  stream::Loop loop_;
  stream::Signals signals_{loop_};
  stream::Output out_{STDOUT_FILENO, signals_.fd()};
  std::vector<std::unique_ptr<xlog::Feed>> feeds_;
  stream::Tail tail_;
};

base::Result<base::Exit> run(Settings& settings, const cli::Command& command) {
  if (base::Result<void> set = base::use_zone(settings.zone); !set) return base::failed(set);
  if (!settings.explain.empty()) {
    xlog::Reader reader{base::to_utc, command.common().node};
    fmt::print("{}", xlog::explain(reader, settings.explain));
    return base::Exit::kDone;
  }
  if (settings.files.empty()) settings.files.push_back("/var/log/xray/access.log");
  return Program{settings, command}.run();
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  cli::Command command{"xlog-tail", "Follow access logs of Xray and v2ray, write one access event a line."};
  command.arguments(settings.files, "FILE", "logs or FIFOs; '-' is stdin [/var/log/xray/access.log]", false);
  command.option("--no-follow", settings.once, "read to the end and stop");
  command.choice("--from", settings.from, {{"start", Start::start}, {"end", Start::end}},
                 "where to begin [end; start with --no-follow]");
  command.option("--timezone", settings.zone, "ZONE", "the log's time zone [this host's]");
  command.option("--explain", settings.explain, "LINE", "show how one line is read, step by step");
  return command.run(argc, argv, [&] { return run(settings, command); });
}

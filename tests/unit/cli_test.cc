// SPDX-License-Identifier: MIT
// What a command line comes to: values, defaults, exit codes.
#include <doctest/doctest.h>

#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <string>

#include "base/fd.h"
#include "cli/command.h"

using namespace xlimit;
using namespace std::chrono_literals;

namespace {

// The options that tests use, and what the last run gave.
struct Trial {
  std::uint32_t limit = 1;
  std::chrono::seconds window{5};
  std::vector<std::uint16_t> ports;
  std::vector<std::string> command;
  std::chrono::seconds duration{1};
  bool dry_run = false;
  int loser = 0;
  std::vector<std::string> targets;
  std::string ran;

  int run(std::vector<std::string> words) {
    cli::Command main{"trial", "Try things."};
    main.option("--limit", limit, "N", "places");
    main.option("--window", window, "D", "how long");
    main.option("--port", ports, "N", "ports");
    main.option("--dry-run", dry_run, "do nothing");
    main.choice("--loser", loser, {{"newest", 0}, {"oldest", 1}}, "who goes");
    main.rest("--command", command, "PROGRAM ARG...", "run it");
    const auto body = [this](const char* name) {
      return [this, name]() -> base::Result<base::Exit> { return ran = name, base::Exit::kDone; };
    };
    cli::Command& add = main.verb("add", "Ban.", body("add"));
    add.arguments(targets, "TARGET...", "addresses", true);
    add.option("--for", duration, "D", "how long");
    main.verb("apply", "Act.", body("apply"));
    main.verb("fail", "Fail.",
              [] { return base::Result<base::Exit>{base::fail(base::Exit::kIo, "no luck")}; });
    main.verb("throw", "Throw.", []() -> base::Result<base::Exit> { throw std::runtime_error{"bug"}; });
    words.insert(words.begin(), "trial");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    return main.run(static_cast<int>(argv.size()), argv.data());
  }
};

// A configuration file, for as long as this lives.
struct File {
  explicit File(std::string_view text) {
    const base::Fd fd{::mkstemp(name.data())};
    REQUIRE(::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  ~File() { ::unlink(name.c_str()); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  std::string name = "/tmp/xlimit-cli-XXXXXX";
};

}  // namespace

TEST_CASE("options are read by their type") {
  Trial trial;
  CHECK(trial.run({"add", "192.0.2.1", "--limit", "3", "--window=2m", "--dry-run", "--loser", "oldest"}) ==
        0);
  CHECK(trial.limit == 3);
  CHECK(trial.window == 2min);
  CHECK(trial.dry_run);
  CHECK(trial.loser == 1);
  CHECK(trial.targets == std::vector<std::string>{"192.0.2.1"});
  CHECK(trial.ran == "add");
}

TEST_CASE("a repeatable option takes commas, repetition, and several words where they can be nothing else") {
  using Ports = std::vector<std::uint16_t>;
  Trial commas, words, ambiguous;
  CHECK(commas.run({"apply", "--port", "80,443", "--port", "8443"}) == 0);
  CHECK(commas.ports == Ports{80, 443, 8443});
  CHECK(words.run({"apply", "--port", "80", "443"}) == 0);
  CHECK(words.ports == Ports{80, 443});
  CHECK(ambiguous.run({"add", "--port", "80", "443"}) == 0);
  CHECK(ambiguous.ports == Ports{80});
  CHECK(ambiguous.targets == std::vector<std::string>{"443"});
}

TEST_CASE("a list that is given takes the place of the one before, also an empty one") {
  const File empty{"port = []\n"}, blank{"port = ''\n"};
  Trial on_line, in_file, as_text, untouched;
  for (Trial* trial : {&on_line, &in_file, &as_text, &untouched}) trial->ports = {22};
  CHECK(on_line.run({"apply", "--port", ""}) == 0);
  CHECK(on_line.ports.empty());
  CHECK(in_file.run({"apply", "--config", empty.name}) == 0);
  CHECK(in_file.ports.empty());
  CHECK(as_text.run({"apply", "--config", blank.name}) == 0);
  CHECK(as_text.ports.empty());
  CHECK(untouched.run({"apply"}) == 0);
  CHECK(untouched.ports == std::vector<std::uint16_t>{22});
}

TEST_CASE("an empty text takes an optional value away") {
  std::optional<std::chrono::seconds> value{5s};
  CHECK(cli::read_value("", value));
  CHECK_FALSE(value);
}

TEST_CASE("what is behind a rest option is left alone") {
  Trial trial;
  CHECK(trial.run({"apply", "--limit", "2", "--command", "docker", "exec", "-i", "x", "--limit", "9"}) == 0);
  CHECK(trial.limit == 2);
  CHECK(trial.command == std::vector<std::string>{"docker", "exec", "-i", "x", "--limit", "9"});
}

TEST_CASE("wrong use is 64, a body's error its own code, help and version 0") {
  const std::vector<std::vector<std::string>> wrong{{},
                                                    {"frob"},
                                                    {"apply", "--bogus"},
                                                    {"apply", "extra"},
                                                    {"add"},
                                                    {"apply", "--limit", "-1"},
                                                    {"apply", "--limit"},
                                                    {"apply", "--window", "5x"},
                                                    {"apply", "--loser", "me"},
                                                    {"apply", "--command"}};
  for (const auto& words : wrong) {
    Trial trial;
    CHECK(trial.run(words) == 64);
    CHECK(trial.ran.empty());
  }
  Trial trial;
  CHECK(trial.run({"fail"}) == 74);
  CHECK(trial.run({"--help"}) == 0);
  CHECK(trial.run({"add", "--help"}) == 0);
  CHECK(trial.run({"--version"}) == 0);
  CHECK(trial.ran.empty());
}

TEST_CASE("a configuration file that is missing or wrong is 78") {
  Trial trial;
  CHECK(trial.run({"apply", "--config", "/nonexistent.toml"}) == 78);
}

TEST_CASE("a text of a configuration file is a list where it is one on the command line") {
  const File list{"port = '1,2'\n"}, wrong{"port = '1,x'\n"}, item{"port = ['1,2']\n"};
  Trial trial;
  CHECK(trial.run({"apply", "--config", list.name}) == 0);
  CHECK(trial.ports == std::vector<std::uint16_t>{1, 2});
  CHECK(Trial{}.run({"apply", "--config", wrong.name}) == 78);
  CHECK(Trial{}.run({"apply", "--config", item.name}) == 78);
}

TEST_CASE("a table of a configuration file is for the verb of its name") {
  const File file{"limit = 7\nport = [1, 2]\n[add]\nfor = '2h'\n"};
  Trial add, apply, given;
  CHECK(add.run({"add", "192.0.2.1", "--config", file.name}) == 0);
  CHECK(add.duration == 2h);
  CHECK(add.limit == 7);
  CHECK(add.ports == std::vector<std::uint16_t>{1, 2});
  CHECK(apply.run({"apply", "--config", file.name}) == 0);
  CHECK(apply.duration == 1s);
  CHECK(given.run({"add", "192.0.2.1", "--config", file.name, "--for", "3h", "--port", "3"}) == 0);
  CHECK(given.duration == 3h);
  CHECK(given.ports == std::vector<std::uint16_t>{3});
}

TEST_CASE("an option that is for the command line only is refused in a configuration file") {
  cli::Command command{"trial", "Try things."};
  bool all = false;
  bool ran = false;
  command.option("--all", all, "everything");
  command.keep_to_line("--all");
  const cli::Command::Body body = [&ran] { return ran = true, base::Result<base::Exit>{base::Exit::kDone}; };
  for (const char* value : {"true", "false", "[]"}) {
    const File file{std::string{"node = 'n'\nall = "} + value + '\n'};
    const base::Result<base::Exit> done = command.run_file(file.name, body);
    REQUIRE(!done);
    CHECK(done.error().code == base::Exit::kConfig);
    CHECK(done.error().text == file.name + ":2: 'all': only on the command line");
  }
  CHECK(!all);
  CHECK(!ran);
  char program[] = "trial", option[] = "--all";
  char* words[] = {program, option};
  CHECK(command.run(2, words, body) == 0);
  CHECK(all);
}

TEST_CASE("what a body throws is told and is the system's fault") {
  CHECK(Trial{}.run({"throw"}) == static_cast<int>(base::Exit::kSystem));
}

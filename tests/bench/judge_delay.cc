// SPDX-License-Identifier: MIT
// judge_delay STATE [USERS]: how long session-detect takes from a line to its verdict while a state of USERS
// (1000000) is written anew, and when it is not. STATE is made, and removed at the end.
#include <sys/stat.h>

#include <string_view>

#include "child.h"

namespace {

using namespace bench;
using Clock = std::chrono::steady_clock;

std::string access(const std::string& user, unsigned address, unsigned second) {
  char line[256];
  std::snprintf(
      line, sizeof line,
      R"({"type":"access","time":"2026-06-01T%02u:%02u:%02u.000000Z","user":"%s","ip":"%u.%u.%u.%u",)"
      R"("port":40000,"status":"accepted"})"
      "\n",
      12 + second / 3600, second / 60 % 60, second % 60, user.c_str(), 11 + (address >> 24),
      address >> 16 & 255, address >> 8 & 255, address & 255);
  return line;
}

void send(Child& child, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = write(child.in(), text.data(), text.size());
    if (sent < 0) die("write");
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

// Reads until a line holds `word`.
void wait_for(Child& child, std::string_view word) {
  std::string text;
  char answer[65536];
  while (text.find(word) == std::string::npos) {
    const ssize_t size = read(child.out(), answer, sizeof answer);
    if (size <= 0) die("the program said nothing");
    text.append(answer, static_cast<std::size_t>(size));
  }
}

// A state of so many users at two places each.
void make_state(char** command, unsigned users) {
  Child child{command};
  std::string text;
  for (unsigned place = 0; place < 2; ++place) {
    for (unsigned user = 0; user < users; ++user) {
      text += access("user-" + std::to_string(10000000 + user), 2 * user + place, place);
      if (text.size() < 60000) continue;
      send(child, text);
      text.clear();
    }
  }
  send(child, text);
  child.finish();
}

ino_t inode_of(const char* path) {
  struct stat status {};
  return stat(path, &status) == 0 ? status.st_ino : 0;
}

// One offender: three places, with lines of others in between; the third is one too many.
double probe(Child& child, unsigned number, unsigned users) {
  const std::string user = "probe-" + std::to_string(number);
  std::string before = access(user, 4000000000U + 3 * number, 2) + access(user, 4000000001U + 3 * number, 2);
  for (unsigned i = 0; i < 10; ++i) {
    const unsigned other = (number * 7919 + i * 104729) % users;
    before += access("user-" + std::to_string(10000000 + other), 2 * other, 2);
  }
  send(child, before);
  usleep(500);
  const Clock::time_point begin = Clock::now();
  send(child, access(user, 4000000002U + 3 * number, 2));
  wait_for(child, "\"type\":\"ban\"");
  return std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: judge_delay STATE [USERS]\n"), 64;
  const unsigned users = argc > 2 ? static_cast<unsigned>(std::atoi(argv[2])) : 1000000;
  std::string words[] = {"session-detect", "--verify", "none",        "--rule",  "strict",  "--limit", "2",
                         "--window",       "1h",       "--max-users", "2000000", "--state", argv[1]};
  std::vector<char*> command;
  for (std::string& word : words) command.push_back(word.data());
  command.push_back(nullptr);
  make_state(command.data(), users);

  Child child{command.data()};
  send(child, "{\"type\":\"mark\"}\n");
  wait_for(child, "mark");
  // It is written anew soon after a start, because nobody knows how much of it is old.
  const ino_t old = inode_of(argv[1]);
  std::vector<double> during, after;
  unsigned number = 0;
  while (inode_of(argv[1]) == old) during.push_back(probe(child, number++, users));
  while (after.size() < 3000) after.push_back(probe(child, number++, users));
  child.finish();
  unlink(argv[1]);
  unlink((argv[1] + std::string{".lock"}).c_str());
  std::printf("%-44s ", "a verdict");
  print_percentiles(std::move(after));
  std::printf("%-44s ", "while the state of all is written anew");
  print_percentiles(std::move(during));
}

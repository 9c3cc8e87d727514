// SPDX-License-Identifier: MIT
// Plain text, so that an operator can read it.
#include "follow/checkpoint.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cinttypes>
#include <cstdio>

#include "stream/file.h"

namespace xlimit::follow {
namespace {

constexpr std::string_view kMagic = "xlimit-checkpoint 1 ";
constexpr std::string_view kEnd = "\nend ";
constexpr std::size_t kMost = 4 * 1024 * 1024;

// The number at the front of `text`, with the blank or newline behind it taken off too.
template <class T>
bool take(std::string_view& text, T& value, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end == text.data() + text.size()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return true;
}

std::optional<Place> parse_place(std::string_view line) {
  Place place;
  const bool read = take(line, place.device) && take(line, place.inode) && take(line, place.head_length) &&
                    take(line, place.head_hash, 16) && take(line, place.offset) && take(line, place.size) &&
                    take(line, place.written);
  if (!read || line.empty()) return {};
  place.log = line;
  return place;
}

}  // namespace

std::uint64_t fingerprint(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

std::string format_places(const Places& places) {
  std::string text = std::string{kMagic} + std::to_string(places.generation) + "\n";
  std::array<char, 192> numbers;
  for (const Place& place : places.places) {
    const int length =
        std::snprintf(numbers.data(), numbers.size(),
                      "%" PRIu64 " %" PRIu64 " %zu %" PRIx64 " %" PRIu64 " %" PRIu64 " %" PRId64 " ",
                      std::uint64_t{place.device}, std::uint64_t{place.inode}, place.head_length,
                      place.head_hash, place.offset, place.size, place.written);
    text.append(numbers.data(), static_cast<std::size_t>(length)).append(place.log).append("\n");
  }
  text.pop_back();
  text.append(kEnd);
  return text.append(std::to_string(fingerprint(text))).append("\n");
}

// What stands behind the end is left of an earlier, longer text.
std::optional<Places> parse_places(std::string_view text) {
  const std::size_t end = text.find(kEnd);
  if (!text.starts_with(kMagic) || end == std::string_view::npos) return {};
  std::string_view behind = text.substr(end + kEnd.size());
  std::uint64_t checksum = 0;
  if (!take(behind, checksum) || checksum != fingerprint(text.substr(0, end + kEnd.size()))) return {};
  text = text.substr(kMagic.size(), end + 1 - kMagic.size());
  Places places;
  if (!take(text, places.generation)) return {};
  while (!text.empty()) {
    const std::size_t newline = text.find('\n');
    const std::optional<Place> place =
        newline == std::string_view::npos ? std::nullopt : parse_place(text.substr(0, newline));
    if (!place) return {};
    places.places.push_back(*place);
    text.remove_prefix(newline + 1);
  }
  return places;
}

base::Result<Checkpoint> Checkpoint::open(const std::string& path) {
  base::Result<store::Lock> lock = store::Lock::take(path);
  if (!lock) return base::failed(lock);
  Checkpoint checkpoint{path, std::move(*lock)};
  checkpoint.now_ = base::Fd{::open((path + ".now").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  if (!checkpoint.now_) return base::os_error("open '" + path + ".now'");
  struct stat status;
  if (::stat(path.c_str(), &status) != 0 && errno == ENOENT) return checkpoint;
  const base::Result<std::string> text = stream::read_file(path, kMost);
  if (!text) return tl::make_unexpected(text.error());
  std::optional<Places> places = parse_places(*text);
  if (!places) return base::fail(base::Exit::kData, "read '" + path + "': not a checkpoint");
  if (const base::Result<std::string> text_now = stream::read_file(path + ".now", kMost)) {
    const std::optional<Places> now = parse_places(*text_now);
    if (now && now->generation >= places->generation) places = now;
  }
  checkpoint.saved_ = *places;
  checkpoint.found_ = std::move(places->places);
  return checkpoint;
}

base::Result<void> Checkpoint::save(std::vector<Place> places, std::chrono::steady_clock::time_point now) {
  if (places != saved_.places || !written_) {
    saved_.places = std::move(places);
    ++saved_.generation;
    synced_ = false;
    base::Result<void> written = write_now(format_places(saved_));
    written_ = written.has_value();
    if (!written) return written;
  }
  if (synced_ || (replaced_ && now - *replaced_ < kPeriod)) return {};
  replaced_ = now;
  base::Result<void> synced = store::write_file(path_, format_places(saved_));
  synced_ = synced.has_value();
  return synced;
}

base::Result<void> Checkpoint::finish(std::vector<Place> places) {
  replaced_.reset();
  return save(std::move(places), {});
}

// Within one page of the page cache, usually, so that kill -9 finds it whole or not begun.
base::Result<void> Checkpoint::write_now(const std::string& text) {
  if (::pwrite(now_.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size())) return {};
  return base::os_error("write '" + path_ + ".now'");
}

}  // namespace xlimit::follow

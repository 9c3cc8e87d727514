// SPDX-License-Identifier: MIT
// The format: a line with the version and the generation, the state, a line with the checksum of all before
// it.
#include "outbox/saved.h"

#include <sys/stat.h>

#include <cerrno>
#include <charconv>

#include "store/atomic_file.h"
#include "stream/file.h"

namespace xlimit::outbox {
namespace {

constexpr std::string_view kMagic = "xlimit-checkpoint 2 ";
constexpr std::string_view kEnd = "end ";
constexpr std::size_t kMost = 16 * 1024 * 1024;

// FNV-1a.
std::uint64_t checksum(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

// The number that ends a line, which is taken off.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end == text.data() + text.size() || *end != '\n') return {};
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return value;
}

}  // namespace

std::string format(const Saved& saved) {
  std::string text = std::string{kMagic} + std::to_string(saved.generation) + "\n" + saved.state;
  text.append(kEnd);
  return text.append(std::to_string(checksum(text))).append("\n");
}

std::optional<Saved> parse(std::string_view text) {
  const std::size_t end = text.rfind("\nend ");
  if (!text.starts_with(kMagic) || end == std::string_view::npos) return {};
  const std::string_view head = text.substr(0, end + 1 + kEnd.size());
  std::string_view rest = text.substr(head.size());
  const std::optional<std::uint64_t> sum = take_number(rest);
  if (!sum || *sum != checksum(head) || !rest.empty()) return {};
  text = text.substr(kMagic.size(), end + 1 - kMagic.size());
  const std::optional<std::uint64_t> generation = take_number(text);
  if (!generation) return {};
  return Saved{*generation, std::string{text}};
}

base::Result<std::optional<Saved>> read_saved(const std::string& path) {
  struct stat status;
  if (::stat(path.c_str(), &status) != 0 && errno == ENOENT) return std::optional<Saved>{};
  base::Result<std::string> text = stream::read_file(path, kMost);
  if (!text) return base::failed(text);
  std::optional<Saved> saved = parse(*text);
  if (!saved) return base::fail(base::Exit::kData, "read '" + path + "': not a checkpoint");
  return saved;
}

base::Result<void> write_saved(const std::string& path, const Saved& saved) {
  return store::write_file(path, format(saved));
}

}  // namespace xlimit::outbox

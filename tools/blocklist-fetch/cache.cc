// SPDX-License-Identifier: MIT
// The last good copies.
#include "blocklist-fetch/cache.h"

#include <filesystem>
#include <optional>
#include <utility>

#include "blocklist-fetch/list.h"
#include "event/object.h"
#include "event/writer.h"
#include "store/abandoned.h"
#include "stream/file.h"

namespace xlimit::blocklist_fetch {
namespace {

constexpr std::size_t kLargest = std::size_t{1} << 30U, kMostText = 256;

bool is_there(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

// Absent is no failure.
base::Result<std::string> read_if_there(const std::string& path) {
  if (!is_there(path)) return std::string{};
  return stream::read_file(path, kLargest);
}

std::string_view encode(const Copy& copy, event::Line& line) {
  event::Writer writer{line, "copy", copy.checked};
  writer.time(",\"changed\":", copy.changed);
  writer.time(",\"first\":", copy.first);
  writer.number(",\"entries\":", copy.entries);
  writer.number(",\"invalid\":", copy.invalid);
  writer.text(",\"sha256\":", copy.sha256, kMostText);
  writer.text(",\"next\":", copy.next, kMostText);
  writer.text(",\"from\":", copy.from, kMostText);
  writer.text(",\"etag\":", copy.etag, kMostText);
  writer.text(",\"last_modified\":", copy.last_modified, kMostText);
  writer.text(",\"error\":", copy.error, kMostText);
  return writer.finish();
}

std::optional<Copy> decode(std::string text) {
  const std::size_t size = std::min(text.find('\n'), text.size());
  text.resize(text.size() + event::kPadding);
  event::Object object;
  object.open(std::string_view{text}.substr(0, size));
  Copy copy;
  copy.checked = object.time("time");
  copy.changed = object.time("changed");
  copy.first = object.time("first");
  copy.entries = object.number("entries", UINT64_MAX / 2).value_or(0);
  copy.invalid = object.number("invalid", UINT64_MAX / 2).value_or(0);
  copy.sha256 = object.text("sha256");
  copy.next = object.text("next");
  copy.from = object.text("from");
  copy.etag = object.text("etag");
  copy.last_modified = object.text("last_modified");
  copy.error = object.text("error");
  if (!object.close()) return {};
  return copy;
}

Copy no_copy(base::Time checked, std::string error, bool damaged) {
  Copy copy;
  copy.checked = checked;
  copy.error = std::move(error);
  copy.damaged = damaged;
  return copy;
}

base::Result<std::string> sum_of(const std::string& path) {
  feed::Sum sum;
  base::Result<void> read =
      stream::read_pieces(path, kLargest, [&](std::string_view piece) { sum.add(piece); });
  if (!read) return base::failed(read);
  return sum.text();
}

}  // namespace

bool Copy::is_of(const feed::Source& source) const {
  const std::string& pin = source.demands.sha256;
  return good() && from == feed::sha256(source.url) && (pin.empty() || feed::is_sum(pin, sha256));
}

base::Result<std::optional<store::Lock>> Cache::lock(bool dry_run) const {
  if (dry_run && !is_there(folder_ + "/fetch.lock")) return std::nullopt;
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) return base::os_error("make '" + folder_ + "'", error.value());
  base::Result<store::Lock> lock = store::Lock::take(folder_ + "/fetch");
  if (!lock) return base::failed(lock);
  return std::optional{std::move(*lock)};
}

void Cache::clear_away_abandoned(const std::vector<feed::Source>& sources) const {
  std::vector<std::string> paths;
  for (const feed::Source& source : sources) {
    for (const char* ending : {".json", ".since", ".list"}) paths.push_back(path(source.name, ending));
  }
  store::clear_away_abandoned(paths);
}

base::Result<Copy> Cache::read(const std::string& source) const {
  const std::string description = path(source, ".json"), list = path(source, ".list");
  if (!is_there(description)) return Copy{};
  base::Result<std::string> text = stream::read_file(description, kLargest);
  if (!text) return base::failed(text);
  std::optional<Copy> copy = decode(std::move(*text));
  if (!copy) return no_copy({}, "its description '" + description + "' is damaged", true);
  if (!copy->good()) return std::move(*copy);
  if (!is_there(list)) return no_copy(copy->checked, "its copy '" + list + "' is gone", false);
  base::Result<std::string> sum = sum_of(list);
  if (!sum) return base::failed(sum);
  const std::string next = std::exchange(copy->next, {});
  if (*sum == copy->sha256) return std::move(*copy);
  if (*sum != next) return no_copy(copy->checked, "its copy '" + list + "' is damaged", true);
  copy->sha256 = next;
  copy->etag = copy->last_modified = {};  // those of the one before
  return std::move(*copy);
}

base::Result<feed::Parsed> Cache::list(const std::string& source) const {
  return read_list(path(source, ".list"), kLargest);
}

base::Result<feed::History> Cache::history(const std::string& source) const {
  base::Result<std::string> text = read_if_there(path(source, ".since"));
  if (!text) return base::failed(text);
  return feed::History{*text};
}

base::Result<void> Cache::keep(const std::string& source, const Copy& before, std::string_view text,
                               const feed::History& history) const {
  base::Result<void> noted = before.good() ? note(source, before) : base::Result<void>{};
  if (!noted) return noted;
  if (base::Result<void> kept = store::write_file(path(source, ".since"), history.text()); !kept) return kept;
  return store::write_file(path(source, ".list"), text);
}

base::Result<void> Cache::note(const std::string& source, const Copy& copy) const {
  event::Line line;
  return store::write_file(path(source, ".json"), encode(copy, line));
}

}  // namespace xlimit::blocklist_fetch

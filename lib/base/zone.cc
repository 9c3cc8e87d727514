// SPDX-License-Identifier: MIT
// libstdc++ 12 has no tz database; localtime_r has, one way. The other way is found by trying the offsets
// that hold a day before and a day after.
#include "base/zone.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>

namespace xlimit::base {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr seconds kDay{24 * 60 * 60};

// system_clock::to_time_t would overflow its nanoseconds beyond the year 2262, and a log may hold any.
seconds offset_at(sys_seconds time) {
  const std::time_t value = time.time_since_epoch().count();
  std::tm broken{};
  localtime_r(&value, &broken);
  return seconds{broken.tm_gmtoff};
}

// Names are paths below the zoneinfo folder; they must not lead out of it.
bool is_zone(const std::string& name) {
  const bool inside = !name.empty() && name.front() != '/' && name.front() != ':' &&
                      name.find("..") == std::string::npos && name.find('\0') == std::string::npos;
  if (!inside) return false;
  const char* folder = std::getenv("TZDIR");
  const std::string path = std::string{folder != nullptr ? folder : "/usr/share/zoneinfo"} + "/" + name;
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

Result<void> use_zone(const std::string& name) {
  if (name.empty()) {
    ::tzset();
    return {};
  }
  if (name != "UTC" && !is_zone(name))
    return fail(Exit::kUsage, "'" + name + "' is no time zone of this system");
  ::setenv("TZ", name == "UTC" ? "UTC0" : (":" + name).c_str(), 1);
  ::tzset();
  return {};
}

UtcCandidates to_utc(LocalMinute minute) {
  const sys_seconds as_utc{minute.time_since_epoch()};
  const seconds before = offset_at(as_utc - kDay), after = offset_at(as_utc + kDay);
  const sys_seconds with_before = as_utc - before, with_after = as_utc - after;
  if (before == after) return {with_before, with_before};
  const bool before_holds = offset_at(with_before) == before, after_holds = offset_at(with_after) == after;
  if (before_holds && after_holds)
    return {std::min(with_before, with_after), std::max(with_before, with_after)};
  if (after_holds) return {with_after, with_after};
  return {with_before, with_before};
}

}  // namespace xlimit::base

// SPDX-License-Identifier: MIT
// One JSON object on one line, read field by field: what events and state files are made of.
//
//   Object object;
//   object.open(line);
//   const std::string_view user = object.user();
//   const std::uint64_t limit = object.number("limit", UINT32_MAX).value_or(0);
//   if (!object.close()) ... object.wrong() says why
//
// The first thing that is wrong is remembered, and nothing is read after it. Fields are found in any order,
// at once when they are asked for in the order in which they stand. Texts point into the line or into the
// object and are valid until its next open().
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "ip/prefix.h"

namespace xlimit::event {

// Bytes that must be readable (not valid) behind a line given to open().
inline constexpr std::size_t kPadding = 64;

class Object {
 public:
  Object();
  ~Object();
  Object(Object&&) noexcept;
  Object& operator=(Object&&) noexcept;

  // `line` has no newline and is followed by kPadding readable bytes.
  void open(std::string_view line);
  // True when nothing was wrong and nothing stands behind the object: two objects joined on one line would
  // otherwise pass as the first of them.
  bool close();
  // A clause like "'target' is not an address or prefix"; empty when nothing is wrong.
  const std::string& wrong() const { return wrong_; }
  void blame(std::string_view key, std::string_view what);

  // Absent or empty text and absent numbers are no mistake; a wrong type is.
  std::string_view text(std::string_view key);
  // The field "user". A name that is longer than an event can carry is a mistake: cut, it would be another's.
  std::string_view user();
  std::optional<std::uint64_t> number(std::string_view key, std::uint64_t most);
  std::optional<ip::Address> address(std::string_view key);
  // The field "ports".
  std::vector<std::uint16_t> ports();
  // A list of addresses and prefixes; more than `most` are a mistake. Absent, it is empty.
  std::vector<ip::Prefix> prefixes(std::string_view key, std::size_t most);
  // A list of RFC 3339 times. Absent, it is empty.
  std::vector<base::Time> times(std::string_view key);
  // Calls `on_text` for each text of a list, which need not be there.
  void texts(std::string_view key, const std::function<void(std::string_view)>& on_text);
  // These must be there.
  base::Time time(std::string_view key);
  ip::Prefix prefix(std::string_view key);

 private:
  struct Parser;
  bool find(std::string_view key);

  std::unique_ptr<Parser> parser_;
  std::string_view line_;
  std::string wrong_;
};

}  // namespace xlimit::event

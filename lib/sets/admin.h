// SPDX-License-Identifier: MIT
// Makes, describes and destroys kernel sets, through libipset. For the few sets of an installation, never for
// single bans (see set_message.h). One Admin a process and one thread: libipset's caches are global. Names
// must have passed check_prefix: libipset takes what it can't read for a host name and asks DNS.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sets/names.h"

namespace xlimit::sets {

inline constexpr std::uint32_t kMaxEntries = 1048576;

// A set of type hash:net to be made.
struct Form {
  Family family = Family::v4;
  // The hash's first size: growing stalls the writer for a grace period each time it doubles.
  std::uint32_t slots = 1024;
  std::uint32_t maximum = kMaxEntries;  // entries
  bool timeouts = true;                 // entries may have a time to live; none by default
};

// A set as the kernel describes it.
struct Description {
  std::string type;           // "hash:net"
  std::string family;         // "inet", "inet6"
  bool timeouts = false;      // entries may have a time to live
  std::uint64_t maximum = 0;  // entries
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  std::uint64_t references = 0;  // rules that use it

  bool operator==(const Description&) const = default;
};

// Pure: the text in which libipset lists a set's header, "Name: ...\nType: ...\n". Absent when it has no
// type.
std::optional<Description> parse_description(std::string_view text);

class Admin {
 public:
  static base::Result<Admin> open();

  // An equal set that exists already is fine.
  base::Result<void> create(const std::string& name, const Form& form);
  // Fails when a rule still uses it.
  base::Result<void> destroy(const std::string& name);
  // Fails when there is no such set.
  base::Result<Description> describe(const std::string& name);

 private:
  struct Session;
  struct Close {
    void operator()(Session* session) const;
  };
  explicit Admin(Session* session) : session_(session) {}

  std::unique_ptr<Session, Close> session_;
};

}  // namespace xlimit::sets

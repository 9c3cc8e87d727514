// SPDX-License-Identifier: MIT
// The one door to libipset. Its header names are both types and functions, so "struct" and "enum" are
// written.
#include "sets/admin.h"

#include <charconv>
#include <cstdarg>
#include <cstdio>

#include <libipset/data.h>
#include <libipset/session.h>
#include <libipset/types.h>
#include <sys/socket.h>

namespace xlimit::sets {
namespace {

// What libipset prints is collected instead.
int collect(struct ipset_session*, void* place, const char* format, ...)
    __attribute__((format(printf, 3, 4)));
int collect(struct ipset_session*, void* place, const char* format, ...) {
  char part[1024];
  va_list arguments;
  va_start(arguments, format);
  const int size = std::vsnprintf(part, sizeof part, format, arguments);
  va_end(arguments);
  if (size > 0)
    static_cast<std::string*>(place)->append(
        part, std::min<std::size_t>(static_cast<std::size_t>(size), sizeof part - 1));
  return size < 0 ? size : 0;
}

// The number behind a word in a line of words: "family inet hashsize 1024 maxelem 65536 timeout 0".
std::optional<std::string_view> word_behind(std::string_view line, std::string_view word) {
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t end = std::min(line.find(' ', at), line.size());
    const bool found = line.substr(at, end - at) == word;
    at = end + 1;
    if (found && at < line.size()) return line.substr(at, line.find(' ', at) - at);
  }
  return {};
}

std::uint64_t number_in(std::string_view text) {
  std::uint64_t number = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

void read_line(std::string_view name, std::string_view value, Description& description) {
  if (name == "Type") description.type = value;
  if (name == "Number of entries") description.entries = number_in(value);
  if (name == "Size in memory") description.bytes = number_in(value);
  if (name == "References") description.references = number_in(value);
  if (name != "Header") return;
  description.family = word_behind(value, "family").value_or("");
  description.maximum = number_in(word_behind(value, "maxelem").value_or(""));
  description.timeouts = word_behind(value, "timeout").has_value();
}

}  // namespace

std::optional<Description> parse_description(std::string_view text) {
  Description description;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (const std::size_t colon = line.find(": "); colon != std::string_view::npos)
      read_line(line.substr(0, colon), line.substr(colon + 2), description);
  }
  if (description.type.empty()) return {};
  return description;
}

struct Admin::Session {
  struct ipset_session* handle = nullptr;
  std::string printed;

  // The failure libipset remembers, as one clause without its line end.
  tl::unexpected<base::Error> failure(const std::string& what) const {
    std::string text = ipset_session_report_msg(handle) == nullptr ? "" : ipset_session_report_msg(handle);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    ipset_session_report_reset(handle);
    return base::fail(base::Exit::kSystem, what + ": " + (text.empty() ? "libipset failed" : text));
  }
  void begin(const std::string& name) {
    printed.clear();
    ipset_data_reset(ipset_session_data(handle));
    ipset_session_report_reset(handle);
    ipset_session_data_set(handle, IPSET_SETNAME, name.c_str());
  }
};

void Admin::Close::operator()(Session* session) const {
  if (session->handle != nullptr) ipset_session_fini(session->handle);
  delete session;
}

base::Result<Admin> Admin::open() {
  static const bool loaded = (ipset_load_types(), true);
  (void)loaded;
  Admin admin{new Session};
  admin.session_->handle = ipset_session_init(collect, &admin.session_->printed);
  if (admin.session_->handle == nullptr)
    return base::fail(base::Exit::kUnavailable, "open libipset: no session");
  return admin;
}

base::Result<void> Admin::create(const std::string& name, const Form& form) {
  Session& session = *session_;
  session.begin(name);
  const std::uint8_t number = form.family == Family::v4 ? AF_INET : AF_INET6;
  const std::uint32_t no_timeout = 0;
  ipset_envopt_set(session.handle, IPSET_ENV_EXIST);
  ipset_session_data_set(session.handle, IPSET_OPT_TYPENAME, "hash:net");
  ipset_session_data_set(session.handle, IPSET_OPT_FAMILY, &number);
  const struct ipset_type* type = ipset_type_get(session.handle, IPSET_CMD_CREATE);
  if (type == nullptr) return session.failure("create set '" + name + "'");
  ipset_session_data_set(session.handle, IPSET_OPT_TYPE, type);
  ipset_session_data_set(session.handle, IPSET_OPT_HASHSIZE, &form.slots);
  ipset_session_data_set(session.handle, IPSET_OPT_MAXELEM, &form.maximum);
  // Without a timeout in its header a set refuses entries that have one.
  if (form.timeouts) ipset_session_data_set(session.handle, IPSET_OPT_TIMEOUT, &no_timeout);
  if (ipset_cmd(session.handle, IPSET_CMD_CREATE, 0) != 0)
    return session.failure("create set '" + name + "'");
  return {};
}

base::Result<void> Admin::destroy(const std::string& name) {
  session_->begin(name);
  if (ipset_cmd(session_->handle, IPSET_CMD_DESTROY, 0) != 0)
    return session_->failure("destroy set '" + name + "'");
  return {};
}

base::Result<Description> Admin::describe(const std::string& name) {
  session_->begin(name);
  ipset_envopt_set(session_->handle, IPSET_ENV_LIST_HEADER);
  ipset_session_output(session_->handle, IPSET_LIST_PLAIN);
  if (ipset_cmd(session_->handle, IPSET_CMD_LIST, 0) != 0)
    return session_->failure("describe set '" + name + "'");
  std::optional<Description> description = parse_description(session_->printed);
  if (!description)
    return base::fail(base::Exit::kSystem, "describe set '" + name + "': libipset said nothing");
  return *description;
}

}  // namespace xlimit::sets

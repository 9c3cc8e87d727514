// SPDX-License-Identifier: MIT
// What must not be in a blocklist.
#include "blocklist-fetch/clean.h"

#include <fmt/core.h>

#include "cli/print.h"
#include "guard/guard.h"
#include "host/watcher.h"
#include "stream/file.h"

namespace xlimit::blocklist_fetch {
namespace {

constexpr std::size_t kLargestAllowlist = std::size_t{64} << 20U;

// Never seen as a source on the Internet: IANA's special-purpose registries (RFC 6890 and its successors).
constexpr const char* kBogons[] = {
    "0.0.0.0/8",      "10.0.0.0/8",   "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24",   "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",  "198.51.100.0/24",
    "203.0.113.0/24", "224.0.0.0/4",  "240.0.0.0/4",    "::/128",         "::1/128",        "64:ff9b:1::/48",
    "100::/64",       "2001::/23",    "2001:db8::/32",  "3fff::/20",      "5f00::/16",      "fc00::/7",
    "fe80::/10",      "fec0::/10",    "ff00::/8"};

}  // namespace

base::Result<Cleaner> Cleaner::open(const Settings& settings) {
  Cleaner cleaner;
  if (settings.widest.v4 > 32 || settings.widest.v6 > 128)
    return base::fail(base::Exit::kUsage, "--widest4 is at most 32, --widest6 at most 128");
  cleaner.widest_ = settings.widest;
  base::Result<std::vector<ip::Prefix>> allowed = guard::gather_allowlists(
      settings.allow, [](const std::string& file) { return stream::read_file(file, kLargestAllowlist); });
  if (!allowed) return base::failed(allowed);
  for (const ip::Prefix& prefix : *allowed) cleaner.allowed_.add(prefix);
  cleaner.allowed_.unite();
  if (settings.keep_bogons) return cleaner;
  for (const char* bogon : kBogons) cleaner.bogons_.add(*ip::parse_prefix(bogon));
  cleaner.bogons_.unite();
  base::Result<host::Watcher> host = host::Watcher::open();
  if (!host) return base::failed(host);
  base::Result<host::Facts> facts = host->read();
  if (!facts) return base::failed(facts);
  for (const ip::Prefix& own : facts->own) cleaner.own_.add(own);
  for (const ip::Address& gateway : facts->gateways) cleaner.own_.add(ip::Prefix{gateway});
  cleaner.own_.unite();
  return cleaner;
}

void Cleaner::clean(ip::Ranges& ranges) {
  wide_count_ += ranges.erase_wider(widest_);
  bogon_count_ += ranges.unite();
  own_count_ += ranges.subtract(own_);
  bogon_count_ += ranges.subtract(bogons_);
  allowed_count_ += ranges.subtract(allowed_);
}

std::string Cleaner::taken_out() const {
  std::string text;
  const auto add = [&](std::size_t count, const char* what) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, what);
  };
  add(wide_count_, "too wide");
  add(bogon_count_, "bogons");
  add(own_count_, "own");
  add(allowed_count_, "allowlisted");
  return text;
}

std::string Cleaner::reason(const ip::Address& address) const {
  const struct {
    const ip::Ranges& ranges;
    const char* name;
  } reasons[] = {{own_, "own address"}, {bogons_, "bogon"}, {allowed_, "allowlisted"}};
  for (const auto& [ranges, name] : reasons) {
    if (const std::optional<ip::Prefix> found = ranges.find(address))
      return fmt::format("{}: {}", name, ip::to_string(*found));
  }
  return {};
}

base::Result<void> Cleaner::write(const ip::Ranges& ranges) const {
  constexpr ip::Widest kListed;
  const ip::Widest widest{std::min(widest_.v4, kListed.v4), std::min(widest_.v6, kListed.v6)};
  constexpr std::size_t kChunk = std::size_t{1} << 16U;
  std::string chunk;
  chunk.reserve(kChunk + ip::kPrefixLength + 1);
  char text[ip::kPrefixLength + 1];
  const auto put = [&](const ip::Prefix& prefix) {
    char* end = ip::format_prefix(prefix, text);
    *end++ = '\n';
    chunk.append(text, end);
    if (chunk.size() < kChunk) return;
    cli::write_out(chunk);
    chunk.clear();
  };
  ranges.each_prefix(put, widest);
  cli::write_out(chunk);
  return cli::finish_printing();
}

}  // namespace xlimit::blocklist_fetch

// SPDX-License-Identifier: MIT
// Is what was downloaded the list that it should be?
#include "feed/check.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>

#include <openssl/evp.h>

namespace xlimit::feed {
namespace {

std::string lower(std::string_view text) {
  std::string lowered{text};
  std::ranges::transform(lowered, lowered.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lowered;
}

// Lists in angle brackets there are none.
bool is_markup(std::string_view text, std::string_view type) {
  const std::string named = lower(type);
  if (named.starts_with("text/html") || named.starts_with("application/xhtml")) return true;
  const std::size_t first = text.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  return first != std::string_view::npos && text[first] == '<';
}

}  // namespace

std::optional<std::string> objection(std::string_view text, std::string_view type, const Parsed& parsed,
                                     const Demands& demands, std::uint64_t before) {
  if (text.empty()) return "the answer is empty";
  if (!demands.sha256.empty() && !is_sum(sha256(text), demands.sha256))
    return "its SHA-256 is " + sha256(text) + ", not the one asked for";
  if (is_markup(text, type)) return "it is a page, not a list";
  if (parsed.entries == 0) return "no entries in it";
  if (parsed.invalid > parsed.entries)
    return fmt::format("{} lines of {} are no address or prefix, the first '{}'", parsed.invalid,
                       parsed.invalid + parsed.entries, parsed.sample);
  if (parsed.entries < demands.minimum)
    return fmt::format("{} entries, fewer than the {} asked for", parsed.entries, demands.minimum);
  if (parsed.entries * 100 < before * (100 - std::min(demands.max_shrink, 100U)))
    return fmt::format("it shrank from {} entries to {}, more than {} %", before, parsed.entries,
                       demands.max_shrink);
  return {};
}

std::string_view torn_entry(std::string_view text) {
  const std::string_view last = text.substr(text.rfind('\n') + 1);
  return parse(last).entries > 0 ? last : std::string_view{};
}

bool is_sum(std::string_view one, std::string_view other) { return lower(one) == lower(other); }

std::string sha256(std::string_view text) {
  Sum sum;
  sum.add(text);
  return sum.text();
}

void Sum::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sum::Sum() : context_(EVP_MD_CTX_new()) { EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr); }

void Sum::add(std::string_view piece) { EVP_DigestUpdate(context_.get(), piece.data(), piece.size()); }

std::string Sum::text() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_DigestFinal_ex(context_.get(), digest.data(), &size);
  std::string hex;
  for (unsigned i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

}  // namespace xlimit::feed

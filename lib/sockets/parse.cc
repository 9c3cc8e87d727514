// SPDX-License-Identifier: MIT
// A recursive descent over words.
#include "sockets/parse.h"

#include <algorithm>
#include <string>

#include "base/number.h"

namespace xlimit::sockets {
namespace {

using base::Exit;
using base::fail;
using base::failed;
using base::Result;

// Parentheses and `not` inside each other.
constexpr unsigned kMaxDepth = 64;
constexpr std::size_t kMaxWords = 4096;

enum class Operator : std::uint8_t { equal, unequal, less, more, at_least, at_most };

std::string quoted(std::string_view word) { return "'" + std::string{word} + "'"; }

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// How long the word at the front is: parentheses and operators need no blanks around them.
std::size_t word_length(std::string_view text) {
  constexpr std::string_view kMarks = "()!=<>&|";
  const char first = text.front();
  if (first == '(' || first == ')') return 1;
  if (kMarks.find(first) == std::string_view::npos) {
    const auto end = std::find_if(text.begin(), text.end(), [&](char c) {
      return is_blank(c) || kMarks.find(c) != std::string_view::npos;
    });
    return static_cast<std::size_t>(end - text.begin());
  }
  const bool pair =
      text.size() > 1 && (text[1] == '=' || ((first == '&' || first == '|') && text[1] == first));
  return pair ? 2 : 1;
}

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t length = is_blank(text.front()) ? 1 : word_length(text);
    if (!is_blank(text.front())) words.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return words;
}

std::optional<Operator> find_operator(std::string_view word) {
  if (word == "=" || word == "==" || word == "eq") return Operator::equal;
  if (word == "!=" || word == "ne" || word == "neq") return Operator::unequal;
  if (word == "<" || word == "lt") return Operator::less;
  if (word == ">" || word == "gt") return Operator::more;
  if (word == ">=" || word == "ge" || word == "geq") return Operator::at_least;
  if (word == "<=" || word == "le" || word == "leq") return Operator::at_most;
  return {};
}

Filter port_condition(End end, Operator compared, std::uint16_t port) {
  const auto with = [&](Comparison comparison) { return Filter{HasPort{end, comparison, port}}; };
  switch (compared) {
    case Operator::equal: return with(Comparison::equal);
    case Operator::unequal: return !with(Comparison::equal);
    case Operator::less: return !with(Comparison::at_least);
    case Operator::more: return !with(Comparison::at_most);
    case Operator::at_least: return with(Comparison::at_least);
    case Operator::at_most: return with(Comparison::at_most);
  }
  return Filter::nothing();
}

// "ADDRESS", "PREFIX" and "*" in front of what may be ":PORT".
struct Host {
  std::string_view address;
  std::string_view port;
};

// IPv6 with a port needs brackets or a prefix length; without them every colon belongs to the address.
Host split_host(std::string_view word) {
  const std::size_t bracket = word.rfind(']'), slash = word.rfind('/');
  std::size_t from = 0;
  if (bracket != std::string_view::npos) from = bracket;
  if (slash != std::string_view::npos) from = std::max(from, slash);
  const std::size_t colon = word.find(':', from);
  if (colon == std::string_view::npos) return {word, {}};
  const bool bare_v6 = from == 0 && word.find(':', colon + 1) != std::string_view::npos;
  if (bare_v6) return {word, {}};
  return {word.substr(0, colon), word.substr(colon + 1)};
}

class Parser {
 public:
  Parser(std::vector<std::string_view> words, const FindService& find_service)
      : words_(std::move(words)), find_service_(find_service) {}

  Result<Filter> parse() {
    if (words_.empty()) return Filter{};
    Result<Filter> filter = parse_any(0);
    if (filter && at_ < words_.size()) return fail(Exit::kUsage, "filter: unexpected " + quoted(words_[at_]));
    return filter;
  }

 private:
  std::string_view peek() const { return at_ < words_.size() ? words_[at_] : std::string_view{}; }
  template <class... Words>
  bool take(Words... words) {
    const bool taken = at_ < words_.size() && ((peek() == words) || ...);
    if (taken) ++at_;
    return taken;
  }
  Result<std::string_view> take_operand(std::string_view what) {
    if (at_ == words_.size() || peek() == "(" || peek() == ")")
      return fail(Exit::kUsage, "filter: " + quoted(what) + " needs a value");
    return words_[at_++];
  }

  Result<Filter> parse_any(unsigned depth) {
    std::vector<Filter> parts;
    do {
      Result<Filter> part = parse_all(depth);
      if (!part) return part;
      parts.push_back(std::move(*part));
    } while (take("or", "|", "||"));
    return parts.size() == 1 ? std::move(parts.front()) : Filter::join(Filter::Kind::any, std::move(parts));
  }

  Result<Filter> parse_all(unsigned depth) {
    std::vector<Filter> parts;
    do {
      Result<Filter> part = parse_one(depth);
      if (!part) return part;
      parts.push_back(std::move(*part));
    } while (take("and", "&", "&&") || goes_on());
    return parts.size() == 1 ? std::move(parts.front()) : Filter::join(Filter::Kind::all, std::move(parts));
  }

  bool goes_on() const {
    return at_ < words_.size() && peek() != ")" && peek() != "or" && peek() != "|" && peek() != "||";
  }

  Result<Filter> parse_one(unsigned depth) {
    if (depth > kMaxDepth) return fail(Exit::kUsage, "filter: too many parentheses inside each other");
    if (take("not", "!")) {
      Result<Filter> filter = parse_one(depth + 1);
      return filter ? Result<Filter>{!std::move(*filter)} : filter;
    }
    if (take("(")) {
      Result<Filter> filter = parse_any(depth + 1);
      if (filter && !take(")")) return fail(Exit::kUsage, "filter: ')' is missing");
      return filter;
    }
    if (take("state")) return parse_state(false);
    if (take("exclude")) return parse_state(true);
    if (take("src")) return parse_host(End::local, "src");
    if (take("dst")) return parse_host(End::remote, "dst");
    if (take("sport")) return parse_port(End::local, "sport");
    if (take("dport")) return parse_port(End::remote, "dport");
    if (at_ == words_.size()) return fail(Exit::kUsage, "filter: a condition is missing at the end");
    return fail(Exit::kUsage, "filter: unexpected " + quoted(peek()));
  }

  Result<Filter> parse_state(bool excluded) {
    Result<std::string_view> word = take_operand(excluded ? "exclude" : "state");
    if (!word) return failed(word);
    const std::optional<States> states = find_states(*word);
    if (!states) return fail(Exit::kUsage, "filter: " + quoted(*word) + " is no state");
    return in_states(excluded ? kAllStates & ~*states : *states);
  }

  Result<Filter> parse_host(End end, std::string_view name) {
    const std::optional<Operator> compared = find_operator(peek());
    if (compared) ++at_;
    if (compared && compared != Operator::equal && compared != Operator::unequal)
      return fail(Exit::kUsage, "filter: " + quoted(name) + " knows only = and !=");
    Result<std::string_view> word = take_operand(name);
    if (!word) return failed(word);
    Result<Filter> filter = read_host(end, *word);
    return filter && compared == Operator::unequal ? Result<Filter>{!std::move(*filter)} : filter;
  }

  Result<Filter> read_host(End end, std::string_view word) {
    const auto [address, port] = split_host(word);
    std::vector<Filter> parts;
    if (!address.empty() && address != "*") {
      const std::optional<ip::Prefix> prefix = read_prefix(address);
      if (!prefix) return fail(Exit::kUsage, "filter: " + quoted(word) + " is not an address or prefix");
      parts.push_back(Filter{InPrefix{end, *prefix}});
    }
    if (!port.empty() && port != "*") {
      Result<std::uint16_t> number = read_port(port);
      if (!number) return failed(number);
      parts.push_back(port_condition(end, Operator::equal, *number));
    }
    return Filter::join(Filter::Kind::all, std::move(parts));
  }

  // "[2001:db8::]/64" and "[2001:db8::/64]" as well as the bare form.
  static std::optional<ip::Prefix> read_prefix(std::string_view text) {
    if (text.front() != '[') return ip::parse_prefix(text);
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return {};
    return ip::parse_prefix(std::string{text.substr(1, close - 1)} + std::string{text.substr(close + 1)});
  }

  Result<Filter> parse_port(End end, std::string_view name) {
    const std::optional<Operator> compared = find_operator(peek());
    if (compared) ++at_;
    Result<std::string_view> word = take_operand(name);
    if (!word) return failed(word);
    if (word->front() == ':') word->remove_prefix(1);
    Result<std::uint16_t> port = read_port(*word);
    if (!port) return failed(port);
    return port_condition(end, compared.value_or(Operator::equal), *port);
  }

  Result<std::uint16_t> read_port(std::string_view text) const {
    Result<std::uint16_t> number = base::parse_number<std::uint16_t>(text);
    if (number) return number;
    const std::optional<std::uint16_t> named = find_service_ ? find_service_(text) : std::nullopt;
    if (named) return *named;
    return fail(Exit::kUsage, "filter: " + quoted(text) + " is not a port");
  }

  std::vector<std::string_view> words_;
  const FindService& find_service_;
  std::size_t at_ = 0;
};

}  // namespace

Result<Filter> parse_filter(std::string_view text, const FindService& find_service) {
  std::vector<std::string_view> words = split_words(text);
  if (words.size() > kMaxWords) return fail(Exit::kUsage, "filter: too long");
  Result<Filter> filter = Parser{std::move(words), find_service}.parse();
  if (!filter || filter->mentions_states()) return filter;
  return in_states(kLive) && std::move(*filter);
}

}  // namespace xlimit::sockets

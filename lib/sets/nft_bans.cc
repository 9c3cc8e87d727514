// SPDX-License-Identifier: MIT
// Bans in nftables' own sets.
#include "sets/nft_bans.h"

#include <algorithm>
#include <cerrno>
#include <numeric>

namespace xlimit::sets {
namespace {

// How many orders are one transaction: bounded as those of ipset are, by what their errors take.
constexpr std::size_t kOrdersAtOnce = 512;
// Two messages for each, of at most 200 bytes.
constexpr std::size_t kOrder = 512;
// Each round leaves out what the kernel did not take in the last; another ipban may come between.
constexpr int kRounds = 8;

// Says nothing of any order: asked again, the kernel may have the room.
bool is_passing(int error) { return error == ENOBUFS || error == ENOMEM || error == EMSGSIZE; }

}  // namespace

// One transaction on the way to all orders of a run.
struct NftBans::Attempt {
  // What became of one order's messages.
  struct Part {
    std::size_t index = 0;  // of the order
    bool fresh = false;     // there is nothing to remove first
    bool made = false;      // its set was made for it
    std::uint32_t removal = 0, insertion = 0;
    int removal_error = 0, insertion_error = 0;
  };
  std::vector<Part> parts;

  void blame(std::uint32_t sequence, int error) {
    // Sequence numbers rise with the parts.
    const auto after = std::ranges::upper_bound(parts, sequence, {}, [](const Part& part) {
      return part.removal != 0 ? part.removal : part.insertion;
    });
    if (after == parts.begin()) return;
    Part& part = *std::prev(after);
    (sequence == part.removal ? part.removal_error : part.insertion_error) = error;
  }
};

NftSet NftBans::set_of(const Order& order) const {
  return client_.set(order.key().family, names_.of_bans(order.key(), order.entry.target.length()));
}

base::Result<void> NftBans::execute(std::span<const Order> orders, std::span<Answer> answers) {
  const auto is_test = [](const Order& order) { return order.action == Action::test; };
  for (std::size_t at = 0; at < orders.size();) {
    if (is_test(orders[at])) {
      base::Result<Answer> answer = test(orders[at]);
      if (!answer) return base::failed(answer);
      answers[at++] = *answer;
      continue;
    }
    std::span<const Order> run = orders.subspan(at, std::min(orders.size() - at, kOrdersAtOnce));
    run = run.first(static_cast<std::size_t>(std::ranges::find_if(run, is_test) - run.begin()));
    if (base::Result<void> done = change(run, answers.subspan(at, run.size())); !done) return done;
    at += run.size();
  }
  return {};
}

// The kernel tells of every order that fails, and then does none: so those are left out and the others are
// tried again.
base::Result<void> NftBans::change(std::span<const Order> orders, std::span<Answer> answers) {
  Attempt attempt;
  for (std::size_t i = 0; i < orders.size(); ++i) attempt.parts.push_back({.index = i});
  for (int round = 0; round < kRounds && !attempt.parts.empty(); ++round) {
    bool blamed = false;
    base::Result<int> error = client_.change(
        attempt.parts.size() * kOrder,
        [&](netlink::Batch& batch) {
          for (Attempt::Part& part : attempt.parts) {
            const Order& order = orders[part.index];
            const NftSet set = set_of(order);
            part.removal = part.insertion = 0;
            if (order.action == Action::remove || (order.action == Action::replace && !part.fresh))
              put_remove(batch, set, order.entry.target.address(), part.removal = client_.next());
            if (order.action != Action::remove)
              put_insert(batch, set, order.entry, part.insertion = client_.next());
          }
        },
        [&](std::uint32_t sequence, int number) { blamed = true, attempt.blame(sequence, number); });
    if (!error) return base::failed(error);
    if (*error != 0 && blamed) {
      if (base::Result<void> settled = settle(attempt, orders, answers); !settled) return settled;
      continue;
    }
    if (is_passing(*error)) return base::os_error("write bans", *error);
    for (const Attempt::Part& part : attempt.parts)
      answers[part.index] = *error == 0 ? Answer{Outcome::done, 0} : Answer{Outcome::refused, *error};
    return {};
  }
  for (const Attempt::Part& part : attempt.parts) answers[part.index] = {Outcome::refused, EAGAIN};
  return {};
}

// Answers the orders that failed for good, and keeps those that are worth another try.
base::Result<void> NftBans::settle(Attempt& attempt, std::span<const Order> orders,
                                   std::span<Answer> answers) {
  std::vector<Attempt::Part> again;
  for (Attempt::Part part : attempt.parts) {
    const Order& order = orders[part.index];
    const int removal = part.removal_error, insertion = part.insertion_error;
    part.removal_error = part.insertion_error = 0;
    Answer& answer = answers[part.index];
    if (order.action == Action::remove && removal == ENOENT) {
      answer = {Outcome::absent, removal};
    } else if (insertion == EEXIST && order.action == Action::insert) {
      answer = {Outcome::exists, insertion};
    } else if (insertion == ENFILE) {
      answer = {Outcome::full, insertion};
    } else if (insertion == ENOENT) {
      base::Result<bool> made = part.made || order.entry.target.is_single()
                                    ? base::Result<bool>{false}
                                    : make_width_(order.key(), order.entry.target.length());
      if (!made) return base::failed(made);
      answer = {Outcome::no_set, insertion};
      part.made = true;
      if (*made) again.push_back(part);
    } else if (removal == ENOENT || insertion == EEXIST || (removal == 0 && insertion == 0)) {
      // A ban that is to last longer ran out meanwhile, or came back; or others failed, not this one.
      part.fresh = removal == ENOENT;
      again.push_back(part);
    } else {
      answer = {Outcome::refused, removal != 0 ? removal : insertion};
    }
  }
  attempt.parts = std::move(again);
  return {};
}

base::Result<Answer> NftBans::test(const Order& order) {
  const ip::Prefix& target = order.entry.target;
  std::vector<ip::Prefix> wider{target};
  if (target.is_single()) {
    for (unsigned length = target.length(); length-- > 0;) wider.emplace_back(target.address(), length);
  }
  bool any = false;
  base::Result<bool> there = look_up(order.key(), wider, [&](const Entry&) { any = true; });
  if (!there) return base::failed(there);
  if (!*there) return Answer{Outcome::no_set, ENOENT};
  return Answer{any ? Outcome::done : Outcome::absent, 0};
}

base::Result<std::vector<unsigned>> NftBans::lengths(SetKey key) {
  base::Result<std::vector<SeenSet>> sets = client_.sets(key.family);
  if (!sets) return base::failed(sets);
  std::vector<unsigned> lengths;
  for (const SeenSet& set : *sets) {
    if (const std::optional<unsigned> length = names_.length_of(key, set.name)) lengths.push_back(*length);
  }
  std::ranges::sort(lengths, std::greater{});
  return lengths;
}

base::Result<bool> NftBans::list(SetKey key, const std::function<void(const Entry&)>& on_entry) {
  base::Result<std::vector<unsigned>> all = lengths(key);
  if (!all) return base::failed(all);
  for (const unsigned length : *all) {
    base::Result<bool> there =
        client_.each(client_.set(key.family, names_.of_bans(key, length)), [&](const SeenElement& element) {
          on_entry({.target = ip::Prefix{element.key, length}, .timeout = element.left});
        });
    if (!there) return there;
  }
  return !all->empty();
}

base::Result<bool> NftBans::look_up(SetKey key, std::span<const ip::Prefix> targets,
                                    const std::function<void(const Entry&)>& on_entry) {
  base::Result<std::vector<unsigned>> all = lengths(key);
  if (!all) return base::failed(all);
  std::vector<NftClient::Question> questions;
  std::vector<ip::Prefix> asked;
  for (const ip::Prefix& target : targets) {
    if (std::ranges::count(*all, target.length()) == 0) continue;
    questions.push_back(
        {.set = client_.set(key.family, names_.of_bans(key, target.length())), .key = target.address()});
    asked.push_back(target);
  }
  base::Result<std::vector<std::optional<SeenElement>>> found = client_.get(questions);
  if (!found) return base::failed(found);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if ((*found)[i]) on_entry({.target = asked[i], .timeout = (*found)[i]->left});
  }
  return !all->empty();
}

base::Result<bool> NftBans::flush(SetKey key) {
  base::Result<std::vector<unsigned>> all = lengths(key);
  if (!all || all->empty()) return all ? base::Result<bool>{false} : base::failed(all);
  base::Result<int> error = client_.change(all->size() * kOrder, [&](netlink::Batch& batch) {
    for (const unsigned length : *all)
      put_clear(batch, client_.set(key.family, names_.of_bans(key, length)), client_.next());
  });
  if (!error) return base::failed(error);
  if (*error != 0) return base::os_error("flush set '" + names_.of_bans(key, all->front()) + "'", *error);
  return true;
}

}  // namespace xlimit::sets

// SPDX-License-Identifier: MIT
// Members in and out of kernel sets.
#include "sets/set_client.h"

#include <array>
#include <system_error>

#include <linux/netfilter/ipset/ip_set_hash.h>
#include <linux/netfilter/nfnetlink.h>

namespace xlimit::sets {
namespace {

// How many orders travel in one datagram: their acknowledgements, about 800 bytes of kernel memory each, must
// fit into the socket's buffer even where it can't be enlarged.
constexpr std::size_t kOrdersAtOnce = 256;
constexpr std::size_t kBuffer = kOrdersAtOnce * 128;
// A message full of IPv6 prefixes takes 36 bytes for each.
constexpr std::size_t kMessagesAtOnce = 8, kFillBuffer = kMessagesAtOnce * kMostInMessage * 40;

Answer answer_of(int error) {
  switch (error) {
    case 0: return {Outcome::done, 0};
    case ENOENT: return {Outcome::no_set, error};
    case IPSET_ERR_HASH_FULL: return {Outcome::full, error};
    default: return {Outcome::refused, error};
  }
}

Answer answer_of(Action action, int error) {
  if (error != IPSET_ERR_EXIST) return answer_of(error);
  return {action == Action::insert || action == Action::replace ? Outcome::exists : Outcome::absent, error};
}

}  // namespace

std::string error_text(int error) {
  switch (error) {
    case IPSET_ERR_HASH_FULL: return "the set is full";
    case IPSET_ERR_TYPE_MISMATCH: return "the sets are of different kinds";
    default: break;
  }
  // Beyond 4096 are ipset's own numbers, which mean nothing to strerror.
  return error >= 4096 ? "ipset error " + std::to_string(error) : std::system_category().message(error);
}

SetClient::SetClient(netlink::Socket socket) : socket_(std::move(socket)), buffer_(new std::byte[kBuffer]) {}

base::Result<SetClient> SetClient::open() {
  base::Result<netlink::Socket> socket = netlink::Socket::open(NETLINK_NETFILTER);
  if (!socket) return base::failed(socket);
  SetClient client{std::move(*socket)};
  alignas(nlmsghdr) std::array<std::byte, 64> buffer;
  netlink::Batch request{buffer};
  put_protocol(request, ++client.sequence_);
  base::Result<int> error = client.ask(request);
  if (!error) return base::failed(error);
  // EINVAL is nfnetlink's answer for a subsystem it does not have and could not load.
  if (*error == EINVAL || *error == EOPNOTSUPP)
    return base::fail(base::Exit::kUnavailable, "use kernel sets: this kernel has no ipset (module ip_set)");
  if (*error != 0) return base::os_error("use kernel sets", *error);
  return client;
}

base::Result<int> SetClient::ask(const netlink::Batch& request) {
  int answer = 0;
  if (base::Result<void> sent = socket_.send(request.bytes()); !sent) return base::failed(sent);
  base::Result<void> received = socket_.receive_answers(
      1, [](const nlmsghdr&) {}, [&](std::uint32_t, int error) { answer = error; });
  if (!received) return base::failed(received);
  return answer;
}

base::Result<void> SetClient::execute(std::span<const Order> orders, std::span<Answer> answers,
                                      const Names& names) {
  while (!orders.empty()) {
    const std::size_t count = std::min(orders.size(), kOrdersAtOnce);
    const std::uint32_t first = sequence_ + 1;
    netlink::Batch batch{{buffer_.get(), kBuffer}};
    for (const Order& order : orders.first(count))
      put_entry(batch, order.action, names.of(order.key()), order.entry, ++sequence_);
    if (base::Result<void> sent = socket_.send(batch.bytes()); !sent) return sent;
    base::Result<void> received = socket_.receive(
        static_cast<unsigned>(count), [](const nlmsghdr&) {},
        [&](std::uint32_t sequence, int error) {
          const std::uint32_t index = sequence - first;
          if (index < count) answers[index] = answer_of(orders[index].action, error);
        });
    if (!received) return received;
    orders = orders.subspan(count);
    answers = answers.subspan(count);
  }
  return {};
}

base::Result<bool> SetClient::exists(const std::string& set) {
  alignas(nlmsghdr) std::array<std::byte, 128> buffer;
  netlink::Batch request{buffer};
  put_header(request, set, ++sequence_);
  base::Result<int> error = ask(request);
  if (!error) return base::failed(error);
  if (*error != 0 && *error != ENOENT) return base::os_error("look up set '" + set + "'", *error);
  return *error == 0;
}

base::Result<bool> SetClient::list(const std::string& set,
                                   const std::function<void(const Entry&)>& on_entry) {
  base::Result<bool> there = exists(set);
  if (!there || !*there) return there;
  alignas(nlmsghdr) std::array<std::byte, 128> buffer;
  netlink::Batch request{buffer};
  put_list(request, set, ++sequence_);
  base::Result<netlink::Dumped> dumped =
      socket_.dump(request.bytes(), [&](const nlmsghdr& message) { read_entries(message, on_entry); });
  if (!dumped) return base::fail(dumped.error().code, "list set '" + set + "': " + dumped.error().text);
  return true;
}

base::Result<bool> SetClient::holds(const std::string& set, const ip::Prefix& prefix) {
  alignas(nlmsghdr) std::array<std::byte, 192> buffer;
  netlink::Batch request{buffer};
  put_entry(request, Action::test, set, {.target = prefix}, ++sequence_);
  base::Result<int> error = ask(request);
  if (!error) return base::failed(error);
  if (*error != 0 && *error != ENOENT && *error != IPSET_ERR_EXIST)
    return base::fail(base::Exit::kSystem, "look into set '" + set + "': " + error_text(*error));
  return *error == 0;
}

base::Result<void> SetClient::fill(const std::string& set, std::span<const ip::Prefix> prefixes) {
  const std::unique_ptr<std::byte[]> buffer{new std::byte[kFillBuffer]};
  while (!prefixes.empty()) {
    netlink::Batch batch{{buffer.get(), kFillBuffer}};
    while (batch.messages() < kMessagesAtOnce && !prefixes.empty())
      prefixes = prefixes.subspan(put_prefixes(batch, set, prefixes, ++sequence_));
    if (base::Result<void> sent = socket_.send(batch.bytes()); !sent) return sent;
    int error = 0;
    base::Result<void> received = socket_.receive(
        batch.messages(), [](const nlmsghdr&) {},
        [&](std::uint32_t, int answer) { error = error != 0 ? error : answer; });
    if (!received) return received;
    if (error != 0) return base::fail(base::Exit::kSystem, "fill set '" + set + "': " + error_text(error));
  }
  return {};
}

base::Result<void> SetClient::swap(const std::string& set, const std::string& other) {
  alignas(nlmsghdr) std::array<std::byte, 128> buffer;
  netlink::Batch request{buffer};
  put_swap(request, set, other, ++sequence_);
  base::Result<int> error = ask(request);
  if (!error) return base::failed(error);
  if (*error != 0) return base::fail(base::Exit::kSystem, "swap set '" + set + "': " + error_text(*error));
  return {};
}

base::Result<std::vector<std::string>> SetClient::names() {
  alignas(nlmsghdr) std::array<std::byte, 128> buffer;
  netlink::Batch request{buffer};
  put_list_names(request, ++sequence_);
  std::vector<std::string> names;
  base::Result<netlink::Dumped> dumped =
      socket_.dump(request.bytes(), [&](const nlmsghdr& message) { names.emplace_back(read_name(message)); });
  if (!dumped) return base::fail(dumped.error().code, "list sets: " + dumped.error().text);
  return names;
}

base::Result<bool> SetClient::flush(const std::string& set) {
  alignas(nlmsghdr) std::array<std::byte, 128> buffer;
  netlink::Batch request{buffer};
  put_flush(request, set, ++sequence_);
  base::Result<int> error = ask(request);
  if (!error) return base::failed(error);
  if (*error != 0 && *error != ENOENT) return base::os_error("flush set '" + set + "'", *error);
  return *error == 0;
}

}  // namespace xlimit::sets

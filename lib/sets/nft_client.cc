// SPDX-License-Identifier: MIT
// Sets of nftables' own.
#include "sets/nft_client.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include "netlink/messages.h"
#include "sets/rule_message.h"

namespace xlimit::sets {
namespace {

constexpr std::size_t kBrackets = 128;
// A question takes at most 400 bytes, its answer less than 1000 of kernel memory.
constexpr std::size_t kQuestionsAtOnce = 128, kQuestion = 512;

// The last message of a transaction is the one that is acknowledged: when that comes, all is committed.
bool acknowledge_last(std::span<std::byte> begun) {
  netlink::Messages messages{begun};
  const nlmsghdr* last = messages.next();  // the begin of the transaction
  std::size_t count = 0;
  while (const nlmsghdr* message = messages.next()) last = message, ++count;
  if (count == 0) return false;
  std::byte* place = begun.data() + (reinterpret_cast<const std::byte*>(last) - begun.data());
  reinterpret_cast<nlmsghdr*>(place)->nlmsg_flags |= NLM_F_ACK;
  return true;
}

}  // namespace

NftClient::NftClient(netlink::Socket socket, std::string table)
    : socket_(std::move(socket)), table_(std::move(table)) {}

base::Result<NftClient> NftClient::open(std::string table) {
  base::Result<netlink::Socket> socket = netlink::Socket::open(NETLINK_NETFILTER);
  if (!socket) return base::failed(socket);
  return NftClient{std::move(*socket), std::move(table)};
}

base::Result<int> NftClient::change(std::size_t size, const std::function<void(netlink::Batch&)>& body,
                                    const OnError& on_error) {
  if (size + kBrackets > size_) buffer_.reset(new std::byte[size_ = size + kBrackets]);
  netlink::Batch batch{{buffer_.get(), size_}};
  const std::uint32_t first = next();
  put_transaction_begin(batch, 0, first);
  body(batch);
  if (!acknowledge_last({buffer_.get(), batch.bytes().size()})) return 0;
  const std::uint32_t last = sequence_;
  put_transaction_end(batch, next());
  if (batch.full()) return EMSGSIZE;
  if (const int error = socket_.write(batch.bytes()); error != 0) return error;
  return await(first, last, on_error);
}

// Errors come in the order of their messages, then the acknowledgement or error of the last one. An error of
// the begin is one of the whole, and what else may come of it is left to whoever asks next and does not know
// its number.
base::Result<int> NftClient::await(std::uint32_t first, std::uint32_t last, const OnError& on_error) {
  int error = 0;
  for (bool done = false; !done;) {
    base::Result<void> received = socket_.receive(
        1, [](const nlmsghdr&) {},
        [&](std::uint32_t sequence, int number) {
          if (sequence - first > last - first) return;
          done = done || sequence == last || sequence == first;
          if (number == 0) return;
          error = error != 0 ? error : number;
          if (sequence != first) on_error(sequence, number);
        });
    if (!received) return base::failed(received);
  }
  return error;
}

// One request that is answered by one message or error; gives the error number.
base::Result<int> NftClient::ask(const netlink::Batch& request, const netlink::Socket::OnMessage& on_answer) {
  if (base::Result<void> sent = socket_.send(request.bytes()); !sent) return base::failed(sent);
  const std::uint32_t asked = sequence_;
  std::optional<int> answer;
  while (!answer) {
    base::Result<void> received = socket_.receive_answers(
        1,
        [&](const nlmsghdr& message) {
          if (message.nlmsg_seq != asked) return;
          on_answer(message);
          answer = 0;
        },
        [&](std::uint32_t sequence, int number) {
          if (sequence == asked) answer = number;
        });
    if (!received) return base::failed(received);
  }
  return *answer;
}

base::Result<std::vector<SeenSet>> NftClient::sets(Family family) {
  alignas(nlmsghdr) std::array<std::byte, 128> buffer;
  netlink::Batch request{buffer};
  std::vector<SeenSet> sets;
  // Old kernels list no sets of a table that is not there, new ones fail.
  put_get_table(request, family, table_, next());
  base::Result<int> error = ask(request, [](const nlmsghdr&) {});
  if (!error) return base::failed(error);
  if (*error == ENOENT) return sets;
  if (*error != 0) return base::os_error("look up table '" + table_ + "'", *error);
  request.clear();
  put_list_sets(request, family, table_, next());
  base::Result<netlink::Dumped> dumped = socket_.dump(request.bytes(), [&](const nlmsghdr& message) {
    std::optional<SeenSet> set = read_set(message);
    if (set && set->table == table_) sets.push_back(std::move(*set));
  });
  if (!dumped)
    return base::fail(dumped.error().code, "list sets of table '" + table_ + "': " + dumped.error().text);
  return sets;
}

base::Result<std::optional<SeenSet>> NftClient::find(const NftSet& set) {
  alignas(nlmsghdr) std::array<std::byte, 256> buffer;
  netlink::Batch request{buffer};
  put_get_set(request, set, next());
  std::optional<SeenSet> seen;
  base::Result<int> error = ask(request, [&](const nlmsghdr& message) { seen = read_set(message); });
  if (!error) return base::failed(error);
  if (*error != 0 && *error != ENOENT) return base::os_error("look up set '" + set.name + "'", *error);
  return seen;
}

base::Result<std::vector<std::optional<SeenElement>>> NftClient::get(std::span<const Question> questions) {
  std::vector<std::optional<SeenElement>> answers(questions.size());
  const std::unique_ptr<std::byte[]> buffer{new std::byte[kQuestionsAtOnce * kQuestion]};
  for (std::size_t at = 0; at < questions.size();) {
    const std::size_t count = std::min(questions.size() - at, kQuestionsAtOnce);
    netlink::Batch batch{{buffer.get(), kQuestionsAtOnce * kQuestion}};
    const std::uint32_t first = sequence_ + 1;
    for (const Question& one : questions.subspan(at, count)) put_get_element(batch, one.set, one.key, next());
    if (base::Result<void> sent = socket_.send(batch.bytes()); !sent) return base::failed(sent);
    std::size_t left = count;
    int error = 0;
    while (left > 0) {
      base::Result<void> received = socket_.receive_answers(
          1,
          [&](const nlmsghdr& message) {
            const std::uint32_t index = message.nlmsg_seq - first;
            if (index >= count) return;
            --left;
            read_elements(message, [&](const SeenElement& element) { answers[at + index] = element; });
          },
          [&](std::uint32_t sequence, int number) {
            if (sequence - first >= count) return;
            --left;
            if (number != ENOENT) error = number;
          });
      if (!received) return base::failed(received);
    }
    if (error != 0) return base::os_error("look into sets of table '" + table_ + "'", error);
    at += count;
  }
  return answers;
}

base::Result<bool> NftClient::each(const NftSet& set,
                                   const std::function<void(const SeenElement&)>& on_element) {
  base::Result<std::optional<SeenSet>> there = find(set);
  if (!there) return base::failed(there);
  if (!*there) return false;
  alignas(nlmsghdr) std::array<std::byte, 256> buffer;
  netlink::Batch request{buffer};
  put_list_elements(request, set, next());
  base::Result<netlink::Dumped> dumped =
      socket_.dump(request.bytes(), [&](const nlmsghdr& message) { read_elements(message, on_element); });
  if (!dumped) return base::fail(dumped.error().code, "list set '" + set.name + "': " + dumped.error().text);
  return true;
}

base::Result<bool> NftClient::has_set_match() {
  alignas(nlmsghdr) std::array<std::byte, 128> buffer;
  netlink::Batch request{buffer};
  put_ask_set_match(request, next());
  base::Result<int> error = ask(request, [](const nlmsghdr&) {});
  if (!error) return base::failed(error);
  return *error == 0;
}

}  // namespace xlimit::sets

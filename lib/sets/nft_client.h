// SPDX-License-Identifier: MIT
// Sets of nftables' own, of one installation's tables, at the speed of the kernel.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "netlink/socket.h"
#include "sets/nft_message.h"

namespace xlimit::sets {

class NftClient {
 public:
  // `table` is the name of the tables "ip TABLE" and "ip6 TABLE".
  static base::Result<NftClient> open(std::string table);

  NftSet set(Family family, std::string name) const { return {family, table_, std::move(name)}; }
  const std::string& table() const { return table_; }
  // For the next message.
  std::uint32_t next() { return ++sequence_; }

  // Commits what `body` puts into a batch of `size` bytes, all or nothing. Each message that the kernel does
  // not take is told to `on_error` with its sequence number, and then nothing is done. Gives the first error
  // number, which may be that of sending, 0 when all is committed.
  using OnError = std::function<void(std::uint32_t, int)>;
  base::Result<int> change(
      std::size_t size, const std::function<void(netlink::Batch&)>& body,
      const OnError& on_error = [](std::uint32_t, int) {});

  // All sets of the table; none when there is no table.
  base::Result<std::vector<SeenSet>> sets(Family family);
  base::Result<std::optional<SeenSet>> find(const NftSet& set);

  // Looks keys up in sets, all in one go.
  struct Question {
    NftSet set;
    ip::Address key;
  };
  // The answers in the order of the questions; absent: not there.
  base::Result<std::vector<std::optional<SeenElement>>> get(std::span<const Question> questions);

  // Every element; false when there is no such set.
  base::Result<bool> each(const NftSet& set, const std::function<void(const SeenElement&)>& on_element);

  // Can rules match with ipset's sets?
  base::Result<bool> has_set_match();

 private:
  NftClient(netlink::Socket socket, std::string table);
  base::Result<int> ask(const netlink::Batch& request, const netlink::Socket::OnMessage& on_answer);
  base::Result<int> await(std::uint32_t first, std::uint32_t last, const OnError& on_error);

  netlink::Socket socket_;
  std::string table_;
  std::uint32_t sequence_ = 0;
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t size_ = 0;
};

}  // namespace xlimit::sets

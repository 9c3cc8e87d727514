// SPDX-License-Identifier: MIT
// Bans and lists in nftables alone, for kernels without ipset.
#pragma once

#include <memory>

#include "sets/backend.h"
#include "sets/nft_bans.h"
#include "sets/nft_client.h"
#include "sets/nft_lists.h"
#include "sets/rules.h"

namespace xlimit::sets {

class NftBackend final : public Backend {
 public:
  // Fails with kPermission without CAP_NET_ADMIN, kUnavailable when the kernel lacks nftables.
  static base::Result<std::unique_ptr<Backend>> open(const Options& options);

  std::string_view kind() const override { return "nft"; }
  void limit_to(Ports ports) override { ports_ = std::move(ports); }
  std::chrono::seconds longest_timeout() const override;
  const std::string& name_of(SetKey key) const override { return names_.of(key); }
  base::Result<std::vector<std::string>> setup(Direction direction, Setup what, bool dry_run) override;
  base::Result<std::vector<std::string>> teardown(bool dry_run) override;
  base::Result<void> execute(std::span<const Order> orders, std::span<Answer> answers) override {
    return bans_.execute(orders, answers);
  }
  base::Result<bool> list(SetKey key, const std::function<void(const Entry&)>& on_entry) override {
    return bans_.list(key, on_entry);
  }
  base::Result<bool> look_up(SetKey key, std::span<const ip::Prefix> targets,
                             const std::function<void(const Entry&)>& on_entry) override {
    return bans_.look_up(key, targets, on_entry);
  }
  base::Result<bool> flush(SetKey key) override { return bans_.flush(key); }
  base::Result<bool> exists(SetKey key) override;
  base::Result<Change> load(const ListKey& list, std::span<const ip::Prefix> prefixes, bool dry_run) override;
  base::Result<bool> unload(const ListKey& list, bool dry_run) override;
  base::Result<std::vector<ListKey>> lists() override { return lists_.all(); }
  base::Result<bool> each(const ListKey& list,
                          const std::function<void(const ip::Prefix&)>& on_prefix) override;
  base::Result<std::vector<ip::Prefix>> find(const ListKey& list, const ip::Prefix& target) override {
    return lists_.find(list, target);
  }
  base::Result<ListState> status(const ListKey& list) override;
  base::Result<int> watch() override { return rules_.watch(); }
  bool was_harmed() override { return rules_.was_harmed(); }
  base::Result<std::vector<SetState>> status() override;

 private:
  NftBackend(const Options& options, NftClient client, Rules rules);

  base::Result<void> make_sets(Direction direction, bool dry_run, std::vector<std::string>& done);
  base::Result<bool> make_width(SetKey key, unsigned length);
  base::Result<std::vector<ChainOrder>> plan_rules(Direction direction, Setup what);
  base::Result<SetState> state_of(SetKey key);
  base::Result<void> count_entries(SetKey key, const std::vector<unsigned>& lengths, SetState& state);

  std::string prefix_;
  Ports ports_;
  Names names_;
  NftNames nft_names_{names_};
  NftClient client_;
  Rules rules_;
  NftBans bans_;
  NftLists lists_;
};

}  // namespace xlimit::sets

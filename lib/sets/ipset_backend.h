// SPDX-License-Identifier: MIT
// Bans in ipset's sets, enforced by nftables rules that match with them.
#pragma once

#include <memory>

#include "sets/admin.h"
#include "sets/backend.h"
#include "sets/ipset_lists.h"
#include "sets/rules.h"
#include "sets/set_client.h"

namespace xlimit::sets {

class IpsetBackend final : public Backend {
 public:
  // Fails with kPermission without CAP_NET_ADMIN, kUnavailable when the kernel lacks ipset or nftables.
  static base::Result<std::unique_ptr<Backend>> open(const Options& options);

  std::string_view kind() const override { return "ipset"; }
  std::chrono::seconds longest_timeout() const override { return kLongestTimeout; }
  const std::string& name_of(SetKey key) const override { return names_.of(key); }
  base::Result<std::vector<std::string>> setup(Direction direction, Setup what, bool dry_run) override;
  void limit_to(Ports ports) override { ports_ = std::move(ports); }
  base::Result<std::vector<std::string>> teardown(bool dry_run) override;
  base::Result<void> execute(std::span<const Order> orders, std::span<Answer> answers) override {
    return client_.execute(orders, answers, names_);
  }
  base::Result<bool> list(SetKey key, const std::function<void(const Entry&)>& on_entry) override {
    return client_.list(names_.of(key), on_entry);
  }
  base::Result<bool> flush(SetKey key) override { return client_.flush(names_.of(key)); }
  base::Result<bool> exists(SetKey key) override { return client_.exists(names_.of(key)); }
  base::Result<Change> load(const ListKey& list, std::span<const ip::Prefix> prefixes, bool dry_run) override;
  base::Result<bool> unload(const ListKey& list, bool dry_run) override;
  base::Result<std::vector<ListKey>> lists() override { return lists_.all(); }
  base::Result<bool> each(const ListKey& list,
                          const std::function<void(const ip::Prefix&)>& on_prefix) override {
    return lists_.each(list, on_prefix);
  }
  base::Result<std::vector<ip::Prefix>> find(const ListKey& list, const ip::Prefix& target) override {
    return lists_.find(list, target);
  }
  base::Result<ListState> status(const ListKey& list) override;
  base::Result<int> watch() override { return rules_.watch(); }
  bool was_harmed() override { return rules_.was_harmed(); }
  base::Result<std::vector<SetState>> status() override;

 private:
  IpsetBackend(const Options& options, SetClient client, Admin admin, Rules rules);

  base::Result<void> make_sets(Direction direction, bool dry_run, std::vector<std::string>& done);
  base::Result<std::vector<ChainOrder>> plan_rules(Direction direction, Setup what);
  // The sets of lists that rules of this chain should use.
  base::Result<std::vector<SetRef>> list_refs(SetKey key);
  // The sets of ours that exist.
  base::Result<std::vector<std::string>> own_sets();
  base::Result<void> destroy_set(const std::string& name);
  void take_back(const ListKey& list, const std::vector<Family>& fresh);
  base::Result<bool> destroy_list_set(const ListKey& list, Family family, bool dry_run);
  // `timeouts`: as the sets of bans are.
  base::Result<SetState> state_of(SetKey key, const std::string& name, bool timeouts);

  Ports ports_;
  Names names_;
  SetClient client_;
  Admin admin_;
  Rules rules_;
  IpsetLists lists_;
};

}  // namespace xlimit::sets

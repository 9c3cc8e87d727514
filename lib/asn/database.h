// SPDX-License-Identifier: MIT
// Which autonomous system an address belongs to, from a file in MaxMind's format (GeoLite2-ASN and the like).
#pragma once

#include <maxminddb.h>

#include <memory>
#include <string>

#include "base/result.h"
#include "ip/address.h"

namespace xlimit::asn {

class Database {
 public:
  // Takes a copy into memory: what becomes of the file later does not matter, and a pipe will do. Fails when
  // it can not be read (kUnavailable, kPermission), when it is empty, no such database or larger than 1 GiB
  // (kData), and when there is no memory for it (kSystem).
  static base::Result<Database> open(const std::string& path);

  // The number of the address's system; 0 when the file does not know it.
  std::uint32_t number(const ip::Address& address) const;

 private:
  struct Close {
    void operator()(MMDB_s* database) const;
  };
  explicit Database(std::unique_ptr<MMDB_s, Close> database) : database_(std::move(database)) {}

  std::unique_ptr<MMDB_s, Close> database_;
};

}  // namespace xlimit::asn

// SPDX-License-Identifier: MIT
// libmaxminddb: open, look up, one field.
#include "asn/database.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "base/fd.h"

namespace xlimit::asn {
namespace {

using base::Exit;

constexpr std::size_t kMostBytes = std::size_t{1} << 30;  // ten times what is published

// IPv4 stands in an IPv6 tree as ::a.b.c.d; the library finds it by the plain IPv4 address.
sockaddr_storage to_socket_address(const ip::Address& address) {
  sockaddr_storage storage{};
  if (address.is_v4()) {
    auto* in = reinterpret_cast<sockaddr_in*>(&storage);
    in->sin_family = AF_INET;
    std::memcpy(&in->sin_addr, address.wire(), address.wire_size());
  } else {
    auto* in6 = reinterpret_cast<sockaddr_in6*>(&storage);
    in6->sin6_family = AF_INET6;
    std::memcpy(&in6->sin6_addr, address.wire(), address.wire_size());
  }
  return storage;
}

// Looking into a mapped file that is cut short meanwhile would end the process, so a copy is mapped. Copied
// by read() and not by the kernel: that way a pipe will do, and a directory is called one.
base::Result<base::Fd> copy_file(const std::string& path) {
  const base::Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file) return base::os_error("open '" + path + "'");
  base::Fd copy{::memfd_create("mmdb", MFD_CLOEXEC)};
  if (!copy) return base::os_error("read '" + path + "'");
  std::vector<char> portion(1024 * 1024);
  for (std::size_t copied = 0; copied <= kMostBytes;) {
    const ssize_t got = ::read(file.get(), portion.data(), portion.size());
    if (got < 0) return base::os_error("read '" + path + "'");
    if (got == 0 && copied > 0) return copy;
    if (got == 0) return base::fail(Exit::kData, "read '" + path + "': it is empty");
    const auto size = static_cast<std::size_t>(got);
    if (!base::write_all(copy.get(), {portion.data(), size})) return base::os_error("copy '" + path + "'");
    copied += size;
  }
  return base::fail(Exit::kData, "read '" + path + "': it is larger than 1 GiB");
}

}  // namespace

void Database::Close::operator()(MMDB_s* database) const {
  MMDB_close(database);
  delete database;
}

base::Result<Database> Database::open(const std::string& path) {
  base::Result<base::Fd> copy = copy_file(path);
  if (!copy) return base::failed(copy);
  auto raw = std::make_unique<MMDB_s>();
  const std::string mapped = "/proc/self/fd/" + std::to_string(copy->get());
  const int status = MMDB_open(mapped.c_str(), MMDB_MODE_MMAP, raw.get());
  if (status == MMDB_FILE_OPEN_ERROR || status == MMDB_IO_ERROR) return base::os_error("open '" + path + "'");
  if (status != MMDB_SUCCESS) return base::fail(Exit::kData, "open '" + path + "': " + MMDB_strerror(status));
  return Database{std::unique_ptr<MMDB_s, Close>{raw.release()}};
}

std::uint32_t Database::number(const ip::Address& address) const {
  const sockaddr_storage socket_address = to_socket_address(address);
  int status = MMDB_SUCCESS;
  MMDB_lookup_result_s found =
      MMDB_lookup_sockaddr(database_.get(), reinterpret_cast<const sockaddr*>(&socket_address), &status);
  if (status != MMDB_SUCCESS || !found.found_entry) return 0;
  MMDB_entry_data_s data{};
  status = MMDB_get_value(&found.entry, &data, "autonomous_system_number", nullptr);
  if (status != MMDB_SUCCESS || !data.has_data || data.type != MMDB_DATA_TYPE_UINT32) return 0;
  return data.uint32;
}

}  // namespace xlimit::asn

// SPDX-License-Identifier: MIT
// Unpacked as a whole: places in it are sought, and compared with what was read before.
#include "follow/unpack.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "gzip/inflate.h"

namespace xlimit::follow {
namespace {

constexpr std::array<std::string_view, 6> kCompressed{".gz", ".xz", ".zst", ".bz2", ".lz4", ".Z"};
constexpr std::size_t kPiece = 128 * 1024;

// Not every file system makes files without a name (O_TMPFILE).
base::Fd open_unnamed(const std::string& folder) {
  base::Fd unnamed{::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)};
  if (unnamed) return unnamed;
  std::string name = folder + "/xlimit-XXXXXX";
  base::Fd named{::mkostemp(name.data(), O_CLOEXEC)};
  if (named) ::unlink(name.c_str());
  return named;
}

// By its code a failure is never taken for a packed file that is gone.
base::Result<base::Fd> open_unnamed_for(const std::string& what) {
  const char* const wanted = std::getenv("TMPDIR");
  std::string reason;  // the first folder's, because that can be chosen
  for (const std::string folder : {wanted != nullptr ? wanted : "/var/tmp", "/var/tmp", "/tmp"}) {
    if (base::Fd fd = open_unnamed(folder)) return fd;
    if (reason.empty())
      reason = base::make_os_error(std::string{what}.append(" in '").append(folder) + "'", errno).text;
  }
  return base::fail(base::Exit::kSystem, reason);
}

auto refused(const std::string& what, int number) {
  return base::fail(base::Exit::kSystem, base::make_os_error(what, number).text);
}

std::string broken(const std::string& what, std::string_view trouble) {
  if (trouble == "incorrect header check") return what + ": not in gzip's format";
  return (what + ": broken (").append(trouble) + ")";
}

}  // namespace

std::string_view without_compression(std::string_view name) {
  for (const std::string_view ending : kCompressed) {
    if (name.ends_with(ending)) return name.substr(0, name.size() - ending.size());
  }
  return name;
}

bool is_gzip(std::string_view name) { return name.ends_with(".gz"); }

bool is_packed_beside(const std::string& path) {
  return std::any_of(kCompressed.begin(), kCompressed.end(), [&](std::string_view ending) {
    return ::access(std::string{path}.append(ending).c_str(), F_OK) == 0;
  });
}

base::Result<base::Fd> unpack(int packed, const std::string& path) {
  const std::string what = "unpack '" + path + "'";
  base::Result<base::Fd> plain = open_unnamed_for(what);
  if (!plain) return plain;
  std::uint64_t size = 0;
  int failure = 0;
  const auto sink = [&](std::string_view text) {
    size += text.size();
    if (size <= kMostUnpacked && !base::write_all(plain->get(), text)) failure = errno;
    return size <= kMostUnpacked && failure == 0;
  };
  gzip::Inflater inflater;
  std::array<char, kPiece> bytes;
  while (const ssize_t got = ::read(packed, bytes.data(), bytes.size())) {
    if (got < 0) return refused("read '" + path + "'", errno);
    const bool fed = inflater.feed({bytes.data(), static_cast<std::size_t>(got)}, sink);
    if (size > kMostUnpacked) return base::fail(base::Exit::kData, what + ": more than 4 GiB");
    if (failure != 0) return refused(what, failure);
    if (!fed) return base::fail(base::Exit::kData, broken(what, inflater.trouble()));
  }
  if (!inflater.whole()) return base::fail(base::Exit::kData, what + ": its end is missing");
  return plain;
}

namespace {

constexpr std::size_t kBeginning = 4096;

std::string beginning(const std::string& packed) {
  const base::Fd from{::open(packed.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  std::array<char, kBeginning> bytes;
  const ssize_t got = ::pread(from.get(), bytes.data(), bytes.size(), 0);
  std::string head;
  gzip::Inflater inflater;
  inflater.feed({bytes.data(), got > 0 ? static_cast<std::size_t>(got) : 0}, [&](std::string_view text) {
    head.append(text.substr(0, bytes.size() - head.size()));
    return head.size() < bytes.size();
  });
  return head;
}

}  // namespace

bool may_hold(const std::string& packed, const Identity& plain) {
  const std::string head = beginning(packed);
  return plain.head_length == 0 || head.size() < plain.head_length ||
         fingerprint(std::string_view{head}.substr(0, plain.head_length)) == plain.head_hash;
}

bool may_hold(const std::string& packed, const std::string& plain) {
  const std::string head = beginning(packed);
  const base::Fd with{::open(plain.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  std::array<char, kBeginning> bytes;
  const ssize_t same = ::pread(with.get(), bytes.data(), head.size(), 0);
  return same == static_cast<ssize_t>(head.size()) &&
         head.compare(0, head.size(), bytes.data(), head.size()) == 0;
}

std::optional<std::uint32_t> unpacked_size(const std::string& path) {
  const base::Fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  std::array<unsigned char, 4> end;
  if (!fd || ::lseek(fd.get(), -static_cast<off_t>(end.size()), SEEK_END) < 0) return {};
  if (::read(fd.get(), end.data(), end.size()) != static_cast<ssize_t>(end.size())) return {};
  std::uint32_t size = 0;
  for (std::size_t i = end.size(); i-- > 0;) size = size << 8U | end.at(i);
  return size;
}

}  // namespace xlimit::follow

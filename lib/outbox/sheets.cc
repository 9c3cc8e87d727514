// SPDX-License-Identifier: MIT
// A file in memory. When it has been used up its pages are given back, not written over: those that are still
// in a pipe live on there.
#include "outbox/sheets.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <utility>

namespace xlimit::outbox {
namespace {

constexpr std::size_t kArea = 4 * Sheets::kMost;

}  // namespace

std::optional<Sheets> Sheets::open() {
  base::Fd fd{::memfd_create("xlimit-outbox", MFD_CLOEXEC)};
  if (!fd || ::ftruncate(fd.get(), kArea) != 0) return {};
  void* memory = ::mmap(nullptr, kArea, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (memory == MAP_FAILED) return {};
  return Sheets{std::move(fd), static_cast<char*>(memory)};
}

Sheets::Sheets(Sheets&& other) noexcept
    : fd_(std::move(other.fd_)), memory_(std::exchange(other.memory_, nullptr)), end_(other.end_) {}

Sheets& Sheets::operator=(Sheets&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(memory_, other.memory_);
  std::swap(end_, other.end_);
  return *this;
}

Sheets::~Sheets() {
  if (memory_ != nullptr) ::munmap(memory_, kArea);
}

std::optional<off64_t> Sheets::put(std::string_view text) {
  if (end_ % kSheet + text.size() > kSheet) end_ = (end_ + kSheet - 1) / kSheet * kSheet;
  if (end_ + text.size() > kArea) {
    if (::fallocate(fd(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, kArea) != 0) return {};
    end_ = 0;
  }
  const auto place = static_cast<off64_t>(end_);
  if (text.size() <= kSheet) {
    std::memcpy(memory_ + end_, text.data(), text.size());
  } else if (::pwrite(fd(), text.data(), text.size(), place) != static_cast<ssize_t>(text.size())) {
    return {};  // cheaper than a page fault for every sheet
  }
  end_ += text.size();
  return place;
}

}  // namespace xlimit::outbox

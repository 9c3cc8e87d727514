// SPDX-License-Identifier: MIT
// kill -9 is no power cut: every store that was made is in the page cache, in order. So the compiler's order
// is all that has to be kept here.
#include "outbox/slate.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <utility>

#include "store/regular.h"
#include "stream/file.h"

namespace xlimit::outbox {
namespace {

constexpr std::array<char, 32> kMagic{"xlimit-slate 1"};
constexpr std::size_t kPage = 4096;
constexpr std::size_t kLargest = 64 * 1024 * 1024;

constexpr std::size_t round_up(std::size_t size) { return (size + kPage - 1) / kPage * kPage; }

// Has the host been started anew since?
struct Boot {
  std::array<char, 40> id{};  // the kernel's boot id; empty where a sandbox hides it
  std::int64_t seconds = 0;   // when it began, by the wall clock
};

constexpr std::int64_t kApart = 3;

std::int64_t seconds_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return now.tv_sec;
}

Boot this_boot() {
  Boot boot;
  const base::Fd fd{::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)};
  if (fd && ::read(fd.get(), boot.id.data(), boot.id.size() - 1) <= 0) boot.id = {};
  boot.seconds = seconds_of(CLOCK_REALTIME) - seconds_of(CLOCK_BOOTTIME);
  return boot;
}

// By the id, or where there is none by the time: two boots are further apart than a few seconds, and a clock
// that was set meanwhile makes the answer no.
bool is_this_boot(const Boot& boot) {
  const Boot now = this_boot();
  if (boot.id[0] != '\0' && now.id[0] != '\0') return boot.id == now.id;
  return std::abs(boot.seconds - now.seconds) <= kApart;
}

struct Cursor {
  std::uint64_t begin;   // in the text
  std::uint64_t source;  // where that byte stands in the other file
  std::int64_t at;       // in the other file; the kernel moves it
};

}  // namespace

struct Slate::Header {
  std::array<char, 32> magic;
  Boot boot;
  std::uint64_t most;
  std::uint64_t generation;  // its last bit chooses the slot
  std::uint64_t regular, device, inode;
  std::array<char, kPage> path;
};

struct Slate::Slot {
  std::uint64_t state_size, text_size, position;
  std::uint64_t chosen;  // of the cursors
  std::array<Cursor, 2> cursors;

  std::size_t sent() const {
    const Cursor& cursor = cursors[chosen % 2];
    return cursor.begin + (static_cast<std::uint64_t>(cursor.at) - cursor.source);
  }
};

namespace {

constexpr std::size_t kHeader = 2 * kPage;

// Everything before is stored before `value` is.
void store_last(std::uint64_t& place, std::uint64_t value) {
  std::atomic_ref<std::uint64_t>{place}.store(value, std::memory_order_release);
}

std::size_t slot_at(std::size_t most, std::uint64_t generation) {
  return kHeader + generation % 2 * (kPage + round_up(most));
}
std::size_t text_at(std::size_t most) { return slot_at(most, 0) + 2 * (kPage + round_up(most)); }
std::size_t length_of(std::size_t most) { return text_at(most) + Slate::kText; }

// A file system that copies on write would need room for every store, and a store cannot fail politely.
void forbid_copies(int fd) {
  int flags = 0;
  if (::ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0) return;
  flags |= FS_NOCOW_FL;
  ::ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

}  // namespace

Slate::Slate(base::Fd fd, std::string path, char* memory, std::size_t length, std::size_t most)
    : fd_(std::move(fd)), path_(std::move(path)), memory_(memory), length_(length), most_(most) {}

Slate::Slate(Slate&& other) noexcept
    : fd_(std::move(other.fd_)),
      path_(std::move(other.path_)),
      memory_(std::exchange(other.memory_, nullptr)),
      length_(other.length_),
      most_(other.most_) {}

Slate& Slate::operator=(Slate&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(path_, other.path_);
  std::swap(memory_, other.memory_);
  std::swap(length_, other.length_);
  std::swap(most_, other.most_);
  return *this;
}

Slate::~Slate() {
  if (memory_ != nullptr) ::munmap(memory_, length_);
}

base::Result<Slate> Slate::make(const std::string& path, const Target& target, std::size_t most,
                                std::uint64_t generation) {
  static_assert(sizeof(Header) <= kHeader && sizeof(Slot) <= kPage);
  const std::string what = "write '" + path + "'";
  const std::string aside = path + ".new";  // one name: we hold the lock, and nothing piles up after kill -9
  ::unlink(aside.c_str());
  base::Result<base::Fd> fd = store::make_regular(aside, O_RDWR);
  if (!fd) return base::failed(fd);
  forbid_copies(fd->get());
  most = round_up(most);
  const std::size_t length = length_of(most);
  if (const int failure = ::posix_fallocate(fd->get(), 0, static_cast<off_t>(length)); failure != 0)
    return base::os_error(what, failure);
  void* memory = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd->get(), 0);
  if (memory == MAP_FAILED) return base::os_error(what);
  Slate slate{std::move(*fd), path, static_cast<char*>(memory), length, most};
  Header& header = slate.header();
  header.magic = kMagic;
  header.boot = this_boot();
  header.most = most;
  header.generation = generation;
  header.regular = target.regular ? 1 : 0;
  header.device = target.device;
  header.inode = target.inode;
  std::snprintf(header.path.data(), header.path.size(), "%s", target.path.c_str());
  return slate;
}

base::Result<void> Slate::publish() {
  if (::rename((path_ + ".new").c_str(), path_.c_str()) != 0) return base::os_error("write '" + path_ + "'");
  return {};
}

Slate::Header& Slate::header() const { return *reinterpret_cast<Header*>(memory_); }
Slate::Slot& Slate::slot() const { return *reinterpret_cast<Slot*>(memory_ + slot_at(most_, generation())); }
char* Slate::text() const { return memory_ + text_at(most_); }
std::uint64_t Slate::generation() const { return header().generation; }
std::size_t Slate::size() const { return slot().text_size; }
std::size_t Slate::sent() const { return slot().sent(); }
std::string_view Slate::state() const {
  return {reinterpret_cast<const char*>(&slot()) + kPage, slot().state_size};
}

void Slate::commit(std::string_view state, std::size_t size, std::uint64_t position, std::size_t sent) {
  assert(takes(state) && size <= kText && sent <= size && this->sent() == this->size());
  const std::uint64_t next = generation() + 1;
  char* place = memory_ + slot_at(most_, next);
  state.copy(place + kPage, state.size());
  Slot& slot = *reinterpret_cast<Slot*>(place);
  slot = {state.size(), size, position, 0, {}};
  slot.cursors[0].at = static_cast<std::int64_t>(sent);
  store_last(header().generation, next);
}

void Slate::advance(std::size_t bytes) {
  Cursor& cursor = slot().cursors[slot().chosen % 2];
  store_last(reinterpret_cast<std::uint64_t&>(cursor.at), static_cast<std::uint64_t>(cursor.at) + bytes);
}

void Slate::set_position(std::uint64_t position) { store_last(slot().position, position); }

off64_t* Slate::cursor(off64_t source) {
  Slot& now = slot();
  const std::uint64_t other = now.chosen + 1;
  now.cursors[other % 2] = {now.sent(), static_cast<std::uint64_t>(source), source};
  store_last(now.chosen, other);
  return &now.cursors[other % 2].at;
}

std::optional<Remains> read_slate(const std::string& path) {
  const base::Result<std::string> file = stream::read_file(path, kLargest);
  if (!file || file->size() < kHeader) return {};
  Slate::Header header;
  std::memcpy(&header, file->data(), sizeof header);
  if (header.magic != kMagic || header.most > kLargest || file->size() != length_of(header.most)) return {};
  if (!is_this_boot(header.boot)) return {};
  Slate::Slot slot;
  const std::string_view place = std::string_view{*file}.substr(slot_at(header.most, header.generation));
  std::memcpy(&slot, place.data(), sizeof slot);
  if (slot.state_size > header.most || slot.text_size > Slate::kText || slot.sent() > slot.text_size)
    return {};
  Remains remains;
  remains.generation = header.generation;
  remains.state = place.substr(kPage, slot.state_size);
  remains.text = file->substr(text_at(header.most), slot.text_size);
  remains.sent = slot.sent();
  remains.position = slot.position;
  remains.target = {header.regular != 0, header.device, header.inode,
                    std::string{header.path.data(), ::strnlen(header.path.data(), header.path.size())}};
  return remains;
}

}  // namespace xlimit::outbox

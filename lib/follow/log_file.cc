// SPDX-License-Identifier: MIT
// Positions are counted here, not asked of the kernel: a truncation leaves the descriptor's own behind the
// end.
#include "follow/log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstring>

#include "follow/unpack.h"

namespace xlimit::follow {
namespace {

using stream::Piece;

constexpr std::size_t kCompared = 512;

std::string read_at(int fd, std::uint64_t start, std::size_t length) {
  std::string bytes(length, '\0');
  const ssize_t got = ::pread(fd, bytes.data(), length, static_cast<off_t>(start));
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes;
}

// Without the symbolic links.
std::string real_path(int fd, const std::string& path) {
  std::array<char, PATH_MAX> real;
  const ssize_t length =
      ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), real.data(), real.size());
  return length > 0 ? std::string{real.data(), static_cast<std::size_t>(length)} : path;
}

std::int64_t nanoseconds(const statx_timestamp& time) { return time.tv_sec * 1000000000 + time.tv_nsec; }

base::Result<Facts> look(int from, const std::string& path, int flags) {
  struct statx status;
  if (::statx(from, path.c_str(), flags, STATX_BASIC_STATS | STATX_BTIME, &status) != 0)
    return base::os_error("stat '" + path + "'");
  Facts facts;
  facts.file.device = makedev(status.stx_dev_major, status.stx_dev_minor);
  facts.file.inode = status.stx_ino;
  if ((status.stx_mask & STATX_BTIME) != 0) facts.file.birth = nanoseconds(status.stx_btime);
  facts.size = status.stx_size;
  facts.written = nanoseconds(status.stx_mtime);
  facts.regular = S_ISREG(status.stx_mode);
  facts.directory = S_ISDIR(status.stx_mode);
  return facts;
}

}  // namespace

base::Result<Facts> look_at(int fd) { return look(fd, {}, AT_EMPTY_PATH); }
base::Result<Facts> look_at(const std::string& path, Link link) {
  return look(AT_FDCWD, path, link == Link::show ? AT_SYMLINK_NOFOLLOW : 0);
}

base::Result<LogFile> LogFile::open(const std::string& path) {
  LogFile file{base::Fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)}, path};
  if (!file.fd_) return base::os_error("open '" + path + "'");
  // The head first: the size is then of the same content, or of a later one, which shows at the first read.
  const std::string head = read_at(file.fd(), 0, Identity::kHead);
  base::Result<Facts> facts = look_at(file.fd());
  if (!facts) return base::failed(facts);
  if (facts->directory) return base::os_error("open '" + path + "'", EISDIR);
  if (!facts->regular)
    return base::fail(base::Exit::kUsage, "open '" + path + "': neither a file nor a pipe");
  file.begin(*facts, head, file.fd());
  return file;
}

base::Result<LogFile> LogFile::unpack(const std::string& path) {
  const base::Fd packed{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  if (!packed) return base::os_error("open '" + path + "'");
  base::Result<Facts> facts = look_at(packed.get());
  if (!facts) return base::failed(facts);
  base::Result<base::Fd> plain = follow::unpack(packed.get(), path);
  if (!plain) return base::failed(plain);
  LogFile file{std::move(*plain), path};
  file.unpacked_ = true;
  facts->size = static_cast<std::uint64_t>(::lseek(file.fd(), 0, SEEK_END));
  file.begin(*facts, read_at(file.fd(), 0, Identity::kHead), packed.get());
  return file;
}

// `fd` is the file that stands under the path.
void LogFile::begin(const Facts& facts, std::string_view head, int fd) {
  identity_ = facts.file;
  written_ = facts.written;
  real_path_ = real_path(fd, path_);
  set_head(head);
  size_ = known_size(facts.size);
}

// What came between the looks at head and size would be known by nothing when it is cut off.
std::uint64_t LogFile::known_size(std::uint64_t size) const {
  const bool short_head = position_ == 0 && !cut_ && head_.size() < Identity::kHead;
  return short_head ? std::min<std::uint64_t>(size, head_.size()) : size;
}

void LogFile::seek(std::uint64_t offset) {
  lines_.finish([](const Piece&) {});
  position_ = offset_ = offset;
  const std::size_t length = std::min<std::uint64_t>(offset, Mark::kLongest);
  tail_.clear();
  remember_tail(read_at(fd(), offset - length, length));
  if (tail_.find_first_not_of('\0') == std::string::npos) hole_ = offset;
}

void LogFile::seek_line(std::uint64_t offset) {
  const std::uint64_t start = offset - std::min<std::uint64_t>(offset, stream::kMaxInput);
  const std::string text = read_at(fd(), start, static_cast<std::size_t>(offset - start));
  const std::size_t newline = text.rfind('\n');
  if (newline != std::string::npos) return seek(start + newline + 1);
  seek(start == 0 ? 0 : offset);
}

void LogFile::look() {
  if (unpacked_) return;
  const bool same = holds_what_was_read();  // before the size, as in open()
  const base::Result<Facts> facts = look_at(fd());
  if (!facts) return;
  if (facts->size < size_ || !same) {
    missed_ += size_ - (cut_ ? 0 : position_);
    cut_ = true;
  }
  if (facts->size > size_) grown_ = std::chrono::steady_clock::now();
  size_ = known_size(facts->size);
  if (!cut_) written_ = facts->written;
}

// While nothing was read of it, it is known by its head, and so will its copy be.
bool LogFile::holds_what_was_read() {
  if (cut_) return true;
  if (position_ > 0) return is_intact();
  const std::string head = read_at(fd(), 0, Identity::kHead);
  if (!head.starts_with(head_)) return false;
  if (head.size() > head_.size()) set_head(head);
  return true;
}

bool LogFile::is_intact() const { return begins_as_read() && follow::holds(fd(), mark_); }

// What is ahead of the position may be cut off without that being read anew.
bool LogFile::begins_as_read() const {
  const std::string_view head = std::string_view{head_}.substr(0, position_);
  return head.empty() || read_at(fd(), 0, head.size()) == head;
}

base::Result<LogFile::Step> LogFile::read(const OnPiece& on_piece) {
  base::Result<Step> step = Step::more;
  if (lines_.holds())
    lines_.go_on(on_piece);
  else
    step = cut_ ? Step::cut : read_on(on_piece);
  if (!lines_.inside()) offset_ = position_ - lines_.pending();
  return step;
}

base::Result<LogFile::Step> LogFile::read_on(const OnPiece& on_piece) {
  // Half a line of one kind of byte may have become a longer one that differs in front only.
  if (position_ > tail_.size() && !begins_as_read()) return cut_short();
  std::array<char, Mark::kLongest> again;
  const std::span<char> space = lines_.space();
  const std::array<iovec, 2> into{{{again.data(), tail_.size()}, {space.data(), space.size()}}};
  const ssize_t got = ::preadv(fd(), into.data(), into.size(), static_cast<off_t>(position_ - tail_.size()));
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return Step::drained;
  if (got < 0) return base::os_error("read '" + path_ + "'");
  const auto all = static_cast<std::size_t>(got);
  const std::size_t known = tail_.size();
  if (all < known || std::memcmp(again.data(), tail_.data(), known) != 0) return cut_short();
  const std::string_view bytes{space.data(), all - known};
  const std::string_view head{head_};
  if (position_ < head.size() && !bytes.starts_with(head.substr(position_))) return cut_short();
  if (bytes.empty()) return size_ > position_ ? cut_short() : Step::drained;
  if (bytes.front() == '\0') {
    if (!follow::holds(fd(), mark_)) return cut_short();  // old bytes, and zeros up to the new size
    if (position_ == hole_) return skip_hole(bytes);
  }
  take_in(bytes);
  lines_.put(bytes.size(), on_piece);
  return lines_.holds() || bytes.size() == space.size() ? Step::more : Step::drained;
}

// A hole of gigabytes costs one call where the file system knows of it.
LogFile::Step LogFile::skip_hole(std::string_view bytes) {
  const off_t data = ::lseek(fd(), static_cast<off_t>(position_), SEEK_DATA);
  const std::uint64_t end = position_ + std::min(bytes.find_first_not_of('\0'), bytes.size());
  seek(std::max(end, data > 0 ? static_cast<std::uint64_t>(data) : 0));
  if (head_.size() < Identity::kHead) set_head(read_at(fd(), 0, Identity::kHead));
  size_ = std::max(size_, position_);
  return Step::more;
}

void LogFile::take_in(std::string_view bytes) {
  if (head_.size() < Identity::kHead && position_ <= head_.size() && position_ + bytes.size() > head_.size())
    set_head(head_ + std::string{bytes.substr(head_.size() - position_, Identity::kHead)});
  position_ += bytes.size();
  size_ = std::max(size_, position_);
  grown_ = std::chrono::steady_clock::now();
  remember_tail(bytes);
}

void LogFile::remember_tail(std::string_view bytes) {
  if (bytes.size() >= Mark::kLongest) {
    tail_ = bytes.substr(bytes.size() - Mark::kLongest);
  } else {
    tail_.append(bytes);
    if (tail_.size() > Mark::kLongest) tail_.erase(0, tail_.size() - Mark::kLongest);
  }
  mark_ = {position_, tail_.size(), fingerprint(tail_)};
}

void LogFile::set_head(std::string_view head) {
  head_ = head.substr(0, Identity::kHead);
  identity_.head_length = head_.size();
  identity_.head_hash = fingerprint(head_);
}

// What was seen behind the position is gone, and what is there now is not known yet.
LogFile::Step LogFile::cut_short() {
  missed_ += size_ - position_;
  cut_ = true;
  size_ = 0;
  return Step::cut;
}

LogFile::Cut LogFile::take_cut() {
  if (cut_) look();  // it may have been cut short once more
  Cut cut{.before = identity_,
          .head = head_,
          .mark = mark_,
          .written = written_,
          .offset = offset_,
          .lost = missed_,
          .to_start = position_ == 0 || !is_intact()};
  if (cut.to_start) {
    cut.lost += position_ - offset_;
    seek(0);
    set_head(read_at(fd(), 0, Identity::kHead));
  } else if (position_ < head_.size()) {
    set_head(head_.substr(0, position_));
  }
  cut_ = false;
  missed_ = 0;
  size_ = position_;
  look();
  return cut;
}

Place LogFile::place() const {
  return {.file = identity_,
          .offset = offset_,
          .size = cut_ ? position_ + missed_ : size_,
          .mark = mark_,
          .written = written_,
          .path = real_path_};
}

void LogFile::finish(const OnPiece& on_piece) {
  lines_.finish(on_piece);
  offset_ = position_;
}

// What it holds now is compared as well as what was read of it, because it may have been cut short and
// written anew since.
bool LogFile::is_copied_by(const LogFile& other) const {
  const std::uint64_t size = other.size();
  const std::size_t length = std::min<std::uint64_t>(size, kCompared);
  const auto same = [&](std::uint64_t at) {
    return read_at(fd(), at, length) == read_at(other.fd(), at, length);
  };
  if (size > 0 && same(0) && same(size - length)) return true;
  const bool intact = !cut_ && follow::begins_like(fd(), identity_) && follow::holds(fd(), mark_);
  return !intact && looks_copied_by(other) && (size < mark_.end || follow::holds(other.fd(), mark_));
}

bool LogFile::begins_like(std::string_view head) const {
  const std::size_t length = std::min(head_.size(), head.size());
  return length > 0 && head_.compare(0, length, head, 0, length) == 0;
}

bool LogFile::holds(const Identity& file, const Mark& mark) const {
  return size_ >= mark.end && begins_so(file) && follow::holds(fd(), mark);
}

bool LogFile::is_half_a_line() const {
  return size_ <= stream::kMaxInput &&
         read_at(fd(), 0, static_cast<std::size_t>(size_)).find('\n') == std::string::npos;
}

// As it was opened; a change shows at the next read().
bool LogFile::begins_so(const Identity& file) const {
  return file.head_length == 0 || (file.head_length <= head_.size() &&
                                   fingerprint(head_.substr(0, file.head_length)) == file.head_hash);
}

}  // namespace xlimit::follow

// SPDX-License-Identifier: MIT
// Reading a journal, and writing it anew with what is alive.
#include <fcntl.h>

#include <array>

#include "event/encode.h"
#include "journal/header.h"
#include "journal/journal.h"
#include "journal/lock.h"
#include "store/abandoned.h"
#include "store/atomic_file.h"
#include "store/regular.h"
#include "stream/lines.h"

namespace xlimit::journal {
namespace {

// Reads to the end those lines that hold the text; returns how many bytes all whole lines are.
base::Result<std::uint64_t> read_lines(int fd, const std::string& path, ledger::Ledger& ledger,
                                       base::Time now, std::string_view text = {}) {
  stream::Lines lines{stream::Lines::AtEnd::hold, path};
  std::uint64_t bytes = 0;
  const auto take = [&](const stream::Piece& piece) {
    bytes += piece.text.size() + (piece.newline ? 1 : 0);
    if (piece.text.find(text) == std::string_view::npos) return;
    if (piece.whole())
      ledger.take(piece.text, now);
    else if (piece.last)
      ledger.count_broken();
  };
  for (;;) {
    base::Result<stream::ReadState> state = lines.read(fd, take);
    if (!state) return base::failed(state);
    if (*state == stream::ReadState::ended) break;
  }
  const std::uint64_t whole = bytes;
  lines.finish(take);  // half a line, which may be a whole event all the same
  return whole;
}

base::Result<void> write_alive(store::AtomicFile& file, const ledger::Ledger& ledger, base::Time now) {
  std::uint64_t bytes = 0;
  ledger.each(now, [&](const ledger::Key&, const ledger::Entry& entry) { bytes += entry.line.size() + 1; });
  base::Result<void> written = file.write(make_header(bytes));
  ledger.each(now, [&](const ledger::Key&, const ledger::Entry& entry) {
    if (written) written = file.write(entry.line);
    if (written) written = file.write("\n");
  });
  return written;
}

// Returns where it ended.
base::Result<std::uint64_t> copy_from(int fd, std::uint64_t offset, const std::string& path,
                                      store::AtomicFile& file) {
  std::array<char, 65536> buffer{};
  for (;;) {
    const ssize_t size = ::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(offset));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return base::os_error("read '" + path + "'");
    if (size == 0) return offset;
    base::Result<void> written = file.write({buffer.data(), static_cast<std::size_t>(size)});
    if (!written) return base::failed(written);
    offset += static_cast<std::uint64_t>(size);
  }
}

// Appenders hold the lock for microseconds each, so it is soon free.
constexpr std::chrono::seconds kPatience{1};

// Puts the new file in the place of the old, with what was appended meanwhile. Most of that is copied and
// synced before appenders are kept waiting.
base::Result<void> replace(base::Fd old, std::uint64_t end, const std::string& path,
                           store::AtomicFile& file) {
  base::Result<std::uint64_t> copied = copy_from(old.get(), end, path, file);
  if (!copied) return base::failed(copied);
  if (base::Result<void> synced = file.sync(); !synced) return synced;
  base::Result<void> locked = lock(old.get(), LOCK_EX, path, kPatience);
  if (!locked) return locked.error().code == base::Exit::kTemporary ? base::Result<void>{} : locked;
  // Somebody forgot everything meanwhile, or has just done the same: there is nothing left to do.
  if (!is_named(old.get(), path)) return {};
  copied = copy_from(old.get(), *copied, path, file);
  if (!copied) return base::failed(copied);
  if (base::Result<void> replaced = file.replace(); !replaced) return replaced;
  old = base::Fd{};  // and the lock with it
  return file.settle();
}

}  // namespace

base::Result<void> replay(const Place& place, ledger::Ledger& ledger, base::Time now, std::string_view text) {
  const std::string path = place.journal();
  base::Result<base::Fd> fd = store::open_regular(path, O_RDONLY);
  if (!fd || !*fd) return fd ? base::Result<void>{} : base::failed(fd);
  base::Result<std::uint64_t> read = read_lines(fd->get(), path, ledger, now, text);
  return read ? base::Result<void>{} : base::failed(read);
}

base::Result<void> compact(const Place& place, base::Time now) {
  const std::string path = place.journal();
  base::Result<base::Fd> fd = store::open_regular(path, O_RDONLY);
  if (!fd || !*fd) return fd ? base::Result<void>{} : base::failed(fd);
  const base::Result<store::Lock> alone = store::Lock::take(path);
  if (!alone && alone.error().code == base::Exit::kTemporary) return {};
  if (!alone) return tl::make_unexpected(alone.error());
  store::clear_away_abandoned({&path, 1});
  ledger::Ledger ledger;
  base::Result<std::uint64_t> end = read_lines(fd->get(), path, ledger, now);
  if (!end) return base::failed(end);
  base::Result<store::AtomicFile> file = store::AtomicFile::create(path);
  if (!file) return base::failed(file);
  if (base::Result<void> written = write_alive(*file, ledger, now); !written) return written;
  return replace(std::move(*fd), *end, path, *file);
}

}  // namespace xlimit::journal

// SPDX-License-Identifier: MIT
// open, write, fsync, rename, fsync of the directory.
#include "store/atomic_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cstdio>

#include "base/path.h"
#include "store/regular.h"

namespace xlimit::store {
namespace {

using base::Fd;
using base::Result;

constexpr std::size_t kGathered = 256 * 1024;

}  // namespace

AtomicFile::AtomicFile(std::string path, std::string aside, Fd fd)
    : path_(std::move(path)), aside_(std::move(aside)), fd_(std::move(fd)) {}

AtomicFile::~AtomicFile() {
  if (fd_ && !aside_.empty()) ::unlink(aside_.c_str());
}

Result<AtomicFile> AtomicFile::create(const std::string& path) {
  const std::string what = "write '" + path + "'";
  if (Result<void> good = check_replaceable(path, what); !good) return base::failed(good);
  std::string aside = path + ".XXXXXX";
  Fd fd{::mkostemp(aside.data(), O_CLOEXEC)};
  if (!fd) return base::os_error(what);
  give_away(fd, path);
  return AtomicFile{path, std::move(aside), std::move(fd)};
}

Result<void> AtomicFile::write(std::string_view text) {
  buffer_.append(text);
  return buffer_.size() < kGathered ? Result<void>{} : flush();
}

Result<void> AtomicFile::flush() {
  if (!base::write_all(fd_.get(), buffer_)) return base::os_error("write '" + path_ + "'");
  buffer_.clear();
  return {};
}

Result<void> AtomicFile::sync() {
  if (Result<void> flushed = flush(); !flushed) return flushed;
  return ::fsync(fd_.get()) == 0 ? Result<void>{} : base::os_error("write '" + path_ + "'");
}

Result<void> AtomicFile::replace() {
  if (Result<void> flushed = flush(); !flushed) return flushed;
  if (::rename(aside_.c_str(), path_.c_str()) != 0) return base::os_error("write '" + path_ + "'");
  aside_.clear();
  return {};
}

Result<void> AtomicFile::commit() {
  if (Result<void> synced = sync(); !synced) return synced;
  if (Result<void> replaced = replace(); !replaced) return replaced;
  return settle();
}

Result<void> AtomicFile::settle() {
  Result<void> synced = sync();
  // The rename itself must survive a power cut too.
  const Fd directory{::open(base::folder_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (directory) ::fsync(directory.get());
  return synced;
}

Result<void> write_file(const std::string& path, std::string_view text) {
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file) return base::failed(file);
  if (Result<void> written = file->write(text); !written) return written;
  return file->commit();
}

Result<void> publish_file(const std::string& path, std::string_view text) {
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file) return base::failed(file);
  if (::fchmod(file->fd(), 0644) != 0) return base::os_error("write '" + path + "'");
  if (Result<void> written = file->write(text); !written) return written;
  return file->replace();
}

Result<Lock> Lock::take(const std::string& path, std::chrono::milliseconds patience) {
  const std::string lock = path + ".lock";
  Result<Fd> fd = open_or_make(lock, O_RDWR);
  if (!fd) return base::failed(fd);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  int failure = 0;
  do {
    failure = ::flock(fd->get(), LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
    if (failure == 0) return Lock{std::move(*fd)};
  } while (failure == EWOULDBLOCK && std::chrono::steady_clock::now() < deadline &&
           ::poll(nullptr, 0, 5) == 0);
  if (failure == EWOULDBLOCK)
    return base::fail(base::Exit::kTemporary, "'" + path + "' is in use by another process");
  return base::os_error("lock '" + lock + "'", failure);
}

}  // namespace xlimit::store

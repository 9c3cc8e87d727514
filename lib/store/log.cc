// SPDX-License-Identifier: MIT
// write(2) on one or two files; fsync(2) only in a thread.
#include "store/log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <utility>

#include "base/thread.h"
#include "store/atomic_file.h"
#include "store/regular.h"

namespace xlimit::store {
namespace {

using base::Fd;
using base::Result;

// Appends all of the text, or takes back what of it was written.
Result<void> put(int fd, std::uint64_t& size, std::string_view text, const std::string& path) {
  if (!base::write_all(fd, text)) {
    base::Error error = base::make_os_error("write '" + path + "'", errno);
    static_cast<void>(::ftruncate(fd, static_cast<off_t>(size)));
    return tl::make_unexpected(std::move(error));
  }
  size += text.size();
  return {};
}

}  // namespace

// The new file until it has taken over.
struct Log::Next {
  Next(AtomicFile new_file, Fd new_fd) : file(std::move(new_file)), fd(std::move(new_fd)) {}
  ~Next() {
    if (thread.joinable()) thread.join();
  }
  Next(const Next&) = delete;
  Next& operator=(const Next&) = delete;

  void commit() {
    result = file.commit();
    done = true;
  }

  AtomicFile file;  // the thread's, once it is finishing
  Fd fd;            // the same file, for us
  std::uint64_t size = 0;
  bool finishing = false;
  bool torn = false;  // something could not be appended since
  Result<void> result;
  std::atomic<bool> done = false;
  std::thread thread;
};

// Lets go of a file that has no name any more. The kernel frees all of its pages before it comes back, which
// takes as long as it was large.
struct Log::Closing {
  explicit Closing(Fd old) : fd(std::move(old)) {
    Result<std::thread> started = base::start_thread([this] { fd = Fd{}; });
    if (started) thread = std::move(*started);  // without one we wait
  }
  ~Closing() {
    if (thread.joinable()) thread.join();
  }
  Closing(const Closing&) = delete;
  Closing& operator=(const Closing&) = delete;

  Fd fd;
  std::thread thread;
};

Log::Log(std::string path, Fd fd, std::uint64_t size)
    : path_(std::move(path)), fd_(std::move(fd)), size_(size) {}
Log::Log(Log&&) noexcept = default;
Log::~Log() = default;

Result<Log> Log::open(const std::string& path) {
  Result<Fd> fd = open_regular(path, O_RDWR | O_APPEND);
  if (!fd) return base::failed(fd);
  if (!*fd) return Log{path, Fd{}, 0};
  struct stat status {};
  if (::fstat(fd->get(), &status) != 0) return base::os_error("open '" + path + "'");
  if (status.st_size == 0) *fd = Fd{};
  return Log{path, std::move(*fd), static_cast<std::uint64_t>(status.st_size)};
}

Result<void> Log::truncate(std::uint64_t size) {
  if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) return base::os_error("write '" + path_ + "'");
  size_ = size;
  return {};
}

Result<void> Log::append(std::string_view text) {
  Result<void> result;
  if (fd_) {
    result = put(fd_.get(), size_, text, path_);
    if (!result) fd_ = {};
  }
  if (next_ == nullptr) return result;
  Result<void> also = put(next_->fd.get(), next_->size, text, path_);
  if (also) return result;
  next_->torn = true;
  if (!next_->finishing) next_.reset();
  return also;
}

Result<void> Log::sync() {
  if (fd_ && ::fsync(fd_.get()) != 0) return base::os_error("write '" + path_ + "'");
  return {};
}

Result<void> Log::start_rewriting() {
  Result<AtomicFile> file = AtomicFile::create(path_);
  if (!file) return base::failed(file);
  Fd fd{::fcntl(file->fd(), F_DUPFD_CLOEXEC, 0)};
  if (!fd || ::fcntl(fd.get(), F_SETFL, O_APPEND) != 0) return base::os_error("write '" + path_ + "'");
  next_ = std::make_unique<Next>(std::move(*file), std::move(fd));
  return {};
}

Result<void> Log::rewrite(std::string_view text) {
  Result<void> written = put(next_->fd.get(), next_->size, text, path_);
  if (!written) next_.reset();
  return written;
}

void Log::finish_rewriting() {
  next_->finishing = true;
  Result<std::thread> started = base::start_thread([next = next_.get()] { next->commit(); });
  if (!started) return next_->commit();  // then we wait
  next_->thread = std::move(*started);
}

bool Log::ready() const { return next_ != nullptr && next_->done; }

Result<void> Log::take_over() {
  const std::unique_ptr<Next> next = std::move(next_);
  if (next->thread.joinable()) next->thread.join();
  if (!next->result) return std::move(next->result);
  closing_ = std::make_unique<Closing>(std::exchange(fd_, next->torn ? Fd{} : std::move(next->fd)));
  size_ = next->size;
  return {};
}

}  // namespace xlimit::store

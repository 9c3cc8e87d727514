// SPDX-License-Identifier: MIT
// Nothing is written before it is committed, and nothing is gathered before all that was committed is out.
#include "outbox/outbox.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <cstring>

#include "outbox/saved.h"
#include "outbox/unsent.h"

namespace xlimit::outbox {
namespace {

using base::Result;

constexpr std::size_t kState = 16 * 1024;  // room for states at first

}  // namespace

Outbox::Outbox(int fd)
    : writer_(fd),
      target_(describe_target(fd)),
      position_(target_.regular ? stream::position_of(fd) : 0),
      own_(std::make_unique_for_overwrite<char[]>(kMost)),
      text_(own_.get()) {}

Result<Outbox> Outbox::open(int fd, const std::string& path, bool resume) {
  Result<store::Lock> lock = store::Lock::take(path, store::Lock::kHandOver);
  if (!lock) return base::failed(lock);
  Outbox box{fd};
  box.lock_ = std::move(*lock);
  box.path_ = path;
  if (box.writer_.is_pipe()) box.sheets_ = Sheets::open();
  Result<std::optional<Saved>> saved = read_saved(path);
  if (!saved) return base::failed(saved);
  if (*saved) box.take_up(std::move(**saved), resume);
  return box;
}

void Outbox::take_up(Saved saved, bool resume) {
  saved_ = generation_ = saved.generation;
  Remains remains;
  remains.state = std::move(saved.state);
  if (std::optional<Remains> now = read_slate(path_ + ".now"); now && now->generation >= generation_) {
    remains = std::move(*now);
    generation_ = remains.generation;
  }
  if (!resume) return;
  // A line that goes on where it was torn is kept from its beginning: then the next process, should this one
  // be killed, sees how much of it is out, too.
  const std::size_t sent = count_sent(remains, target_, position_);
  const std::size_t line = line_start(remains.text, sent);
  if (line < sent) writer_.complete_line();
  write(std::string_view{remains.text}.substr(line));
  commit(remains.state, sent - line);
  found_ = std::move(remains.state);
}

void Outbox::advance(std::size_t bytes) {
  if (slate_)
    slate_->advance(bytes);
  else
    sent_ += bytes;
}

void Outbox::commit(std::string_view state, std::size_t sent) {
  assert(!pending());
  if (gathered_ == 0 && state == state_) return;
  state_ = state;
  ++generation_;
  staged_ = 0;
  if (slate_ && slate_->takes(state_))
    slate_->commit(state_, gathered_, position_ - sent, sent);
  else if (!commit_anew(sent))
    commit_without(sent);
  gathered_ = 0;
}

// Into a slate that has room for it.
bool Outbox::commit_anew(std::size_t sent) {
  if (!lock_ || unkept_) return false;
  Result<Slate> slate =
      Slate::make(path_ + ".now", target_, std::max(kState, 2 * state_.size()), generation_ - 1);
  if (slate) {
    std::memcpy(slate->text(), text_, gathered_);
    slate->commit(state_, gathered_, position_ - sent, sent);
    if (Result<void> published = slate->publish(); !published) slate = base::failed(published);
  }
  if (!slate) {
    unkept_ = std::move(slate.error());
    return false;
  }
  slate_ = std::move(*slate);
  text_ = slate_->text();
  own_.reset();
  return true;
}

void Outbox::commit_without(std::size_t sent) {
  if (!own_) {
    own_ = std::make_unique_for_overwrite<char[]>(kMost);
    std::memcpy(own_.get(), text_, gathered_);
    text_ = own_.get();
    slate_.reset();
  }
  size_ = gathered_;
  sent_ = sent;
}

std::string_view Outbox::left() const { return std::string_view{text_, size()}.substr(sent()); }

Result<bool> Outbox::send() {
  while (pending() && !gone()) {
    const Result<std::size_t> sent = slate_ && sheets_ ? splice_some() : write_some();
    if (!sent) return tl::make_unexpected(sent.error());
    if (*sent == 0) return gone();
  }
  return true;
}

Result<void> Outbox::drain(std::chrono::milliseconds patience) {
  for (;;) {
    Result<bool> all = send();
    if (!all) return base::failed(all);
    if (*all || gone()) return {};
    pollfd polled{fd(), POLLOUT, 0};
    if (::poll(&polled, 1, static_cast<int>(patience.count())) <= 0)
      return base::fail(base::Exit::kTemporary, "write: the reader takes nothing");
  }
}

Result<std::size_t> Outbox::write_some() {
  Result<std::size_t> written = writer_.write(left());
  if (!written || *written == 0) return written;
  if (target_.regular) {
    position_ = static_cast<std::uint64_t>(std::max<off_t>(::lseek(writer_.fd(), 0, SEEK_CUR), 0));
    if (slate_) slate_->set_position(position_ - *written - sent());
  }
  advance(*written);
  return written;
}

// The kernel moves the cursor before it looks whether we are to die.
Result<std::size_t> Outbox::splice_some() {
  if (staged_ == 0) {
    const std::string_view text = left().substr(0, portion());
    const std::optional<off64_t> place = sheets_->put(text);
    if (place) cursor_ = slate_->cursor(*place);
    staged_ = place ? text.size() : 0;
  }
  const ssize_t sent =
      staged_ == 0 ? 0 : ::splice(sheets_->fd(), cursor_, writer_.fd(), nullptr, staged_, SPLICE_F_NONBLOCK);
  if (sent > 0) {
    staged_ -= static_cast<std::size_t>(sent);
    return static_cast<std::size_t>(sent);
  }
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return std::size_t{0};
  gone_ = sent < 0 && errno == EPIPE;
  if (gone_) return std::size_t{0};
  sheets_.reset();  // no memory, or a sandbox that knows no splice
  staged_ = 0;
  return write_some();
}

// What the pipe surely takes as a whole: what goes into one of its buffers, or all of them when it is empty.
std::size_t Outbox::portion() const {
  const std::string_view text = left();
  if (text.size() <= Sheets::kSheet) return text.size();
  int unread = 0;
  const int size = ::fcntl(writer_.fd(), F_GETPIPE_SZ);
  if (size <= 0 || ::ioctl(writer_.fd(), FIONREAD, &unread) != 0 || unread != 0)
    return stream::whole_lines(text);
  const std::size_t most = std::min({static_cast<std::size_t>(size), Sheets::kMost, text.size()});
  const std::size_t end = text.rfind('\n', most - 1);
  return end == std::string_view::npos ? most : end + 1;
}

Result<void> Outbox::save(std::chrono::steady_clock::time_point now) {
  const bool first = !tried_ && saved_;  // PATH is there and not old
  const bool due = !tried_ || now - *tried_ >= kPeriod;
  if (!lock_ || pending() || !due) return {};
  tried_ = now;
  return first ? Result<void>{} : finish();
}

Result<void> Outbox::finish() {
  if (!lock_ || pending()) return {};
  Result<void> saved = saved_ == generation_ ? Result<void>{} : write_saved(path_, {generation_, state_});
  if (saved) saved_ = generation_;
  if (saved && unkept_) saved = tl::make_unexpected(std::move(*unkept_));
  unkept_.reset();  // the next commit tries again
  return saved;
}

}  // namespace xlimit::outbox

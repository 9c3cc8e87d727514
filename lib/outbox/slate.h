// SPDX-License-Identifier: MIT
// What was decided and may not be out yet, in memory that outlives the process: a mapped file. A store into
// it survives kill -9 and costs no system call.
//
//   base::Result<Slate> slate = Slate::make(path, output, 1000);
//   memcpy(slate->text(), ...);  slate->commit(state, size, position);  slate->publish();
//   write(fd, ...);  slate->advance(n);           // or let the kernel move cursor(...)
//   std::optional<Remains> remains = read_slate(path);   // the next process
//
// There are two slots, written in turn; one number says which of them counts, and storing it is the commit. A
// power cut may tear such a file, so it counts during one boot of the host only.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace xlimit::outbox {

// Where text goes to.
struct Target {
  bool regular = false;  // a regular file
  dev_t device = 0;
  ino_t inode = 0;
  std::string path;

  bool same_file(const Target& other) const { return device == other.device && inode == other.inode; }
};

class Slate {
 public:
  // So much text may be gathered for one commit.
  static constexpr std::size_t kText = 192 * 1024;

  // A new one, which is found under `path` after publish() only. Takes states of at most `most` bytes. Fails
  // when there is no room for it, or the file system maps nothing.
  static base::Result<Slate> make(const std::string& path, const Target& target, std::size_t most,
                                  std::uint64_t generation);
  Slate(Slate&& other) noexcept;
  Slate& operator=(Slate&& other) noexcept;
  ~Slate();

  // Where the text of the next commit is gathered. That of the last one must be out.
  char* text() const;
  bool takes(std::string_view state) const { return state.size() <= most_; }
  // From here on this is so: `state`, and the first `size` bytes of text() go out, of which `sent` are out
  // already. `position`: where in a regular file the first stands; as long as none is out, where it will at
  // the earliest.
  void commit(std::string_view state, std::size_t size, std::uint64_t position, std::size_t sent = 0);
  base::Result<void> publish();

  std::uint64_t generation() const;
  std::string_view state() const;
  std::size_t size() const;
  // How much of the text is out.
  std::size_t sent() const;
  void advance(std::size_t bytes);
  // The text turned out to stand there: others had written to the file. Before advance(): a kill in between
  // then leaves `position` + sent() where the new bytes are, which are looked up.
  void set_position(std::uint64_t position);
  // For splice(2), which moves it in the same system call that writes: the bytes of the text that are not out
  // stand at `source` of another file.
  off64_t* cursor(off64_t source);

 private:
  struct Header;
  struct Slot;
  Slate(base::Fd fd, std::string path, char* memory, std::size_t length, std::size_t most);
  Header& header() const;
  Slot& slot() const;

  base::Fd fd_;
  std::string path_;
  char* memory_ = nullptr;
  std::size_t length_ = 0;
  std::size_t most_ = 0;
  friend std::optional<struct Remains> read_slate(const std::string& path);
};

// What an earlier process left.
struct Remains {
  std::uint64_t generation = 0;
  std::string state;
  std::string text;      // of the last commit
  std::size_t sent = 0;  // so much of it is out for sure
  Target target;
  std::uint64_t position = 0;
};

// Absent when there is none, or it is of another boot.
std::optional<Remains> read_slate(const std::string& path);

}  // namespace xlimit::outbox

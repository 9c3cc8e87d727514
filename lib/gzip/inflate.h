// SPDX-License-Identifier: MIT
// Undoes gzip and deflate piece by piece, and knows whether all of it has come: libcurl takes a compressed
// body that ends in the middle for a whole one. Pure; the one door to zlib.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

struct z_stream_s;

namespace xlimit::gzip {

class Inflater {
 public:
  // Takes a piece of what became of the body; false stops.
  using Sink = std::function<bool(std::string_view)>;

  Inflater();
  // False when `bytes` are no such coding, or the sink stopped.
  bool feed(std::string_view bytes, const Sink& sink);
  // Why they are none, in zlib's words: "incorrect header check", "incorrect data check", or in ours. Else
  // empty.
  std::string_view trouble() const;
  // The last member of the body is complete, checksum and all. Zeros may follow it, as on a tape.
  bool whole() const { return whole_; }

 private:
  bool fail(std::string_view trouble);
  bool begin_member(char first);
  struct End {
    void operator()(z_stream_s* stream) const;
  };
  std::unique_ptr<z_stream_s, End> stream_;
  bool whole_ = false;
  bool padded_ = false;
  std::string_view trouble_;
};

}  // namespace xlimit::gzip

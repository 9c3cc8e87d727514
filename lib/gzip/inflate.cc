// SPDX-License-Identifier: MIT
// inflate(3), member after member.
#include "gzip/inflate.h"

#include <algorithm>
#include <array>
#include <new>

#include <zlib.h>

namespace xlimit::gzip {
namespace {

constexpr int kEitherHeader = 32;  // zlib's word for: gzip or zlib, see for yourself
constexpr char kMagic = '\x1f';    // what a member of gzip's begins with

}  // namespace

void Inflater::End::operator()(z_stream_s* stream) const {
  inflateEnd(stream);
  delete stream;
}

Inflater::Inflater() : stream_(new z_stream{}) {
  if (inflateInit2(stream_.get(), MAX_WBITS + kEitherHeader) != Z_OK) throw std::bad_alloc{};
}

std::string_view Inflater::trouble() const {
  if (!trouble_.empty() || stream_->msg == nullptr) return trouble_;
  return stream_->msg;
}

bool Inflater::fail(std::string_view trouble) {
  trouble_ = trouble;
  whole_ = false;
  return false;
}

// gzip may be several members behind each other.
bool Inflater::begin_member(char first) {
  if (padded_ || first != kMagic) return fail("other data follow its end");
  whole_ = false;
  return inflateReset(stream_.get()) == Z_OK;
}

bool Inflater::feed(std::string_view bytes, const Sink& sink) {
  z_stream& stream = *stream_;
  std::array<Bytef, 32768> out;
  // zlib only reads from it.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  do {
    if (whole_) {
      const std::string_view rest = bytes.substr(bytes.size() - stream.avail_in);
      const std::size_t zeros = std::min(rest.find_first_not_of('\0'), rest.size());
      padded_ = padded_ || zeros > 0;
      if (zeros == rest.size()) return true;
      if (!begin_member(rest[zeros])) return false;
    }
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    const int done = inflate(&stream, Z_NO_FLUSH);
    if (done == Z_NEED_DICT) return fail("it needs a preset dictionary");
    if (done != Z_OK && done != Z_STREAM_END && done != Z_BUF_ERROR) return false;
    whole_ = done == Z_STREAM_END;
    const std::size_t size = out.size() - stream.avail_out;
    if (size > 0 && !sink({reinterpret_cast<const char*>(out.data()), size})) return false;
  } while (stream.avail_in > 0 || (!whole_ && stream.avail_out == 0));
  return true;
}

}  // namespace xlimit::gzip

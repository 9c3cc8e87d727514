// SPDX-License-Identifier: MIT
// inflate(3), member after member.
#include "gzip/inflate.h"

#include <array>
#include <new>

#include <zlib.h>

namespace xlimit::gzip {
namespace {

constexpr int kEitherHeader = 32;  // zlib's word for: gzip or zlib, see for yourself

}  // namespace

void Inflater::End::operator()(z_stream_s* stream) const {
  inflateEnd(stream);
  delete stream;
}

Inflater::Inflater() : stream_(new z_stream{}) {
  if (inflateInit2(stream_.get(), MAX_WBITS + kEitherHeader) != Z_OK) throw std::bad_alloc{};
}

std::string_view Inflater::trouble() const { return stream_->msg != nullptr ? stream_->msg : ""; }

bool Inflater::feed(std::string_view bytes, const Sink& sink) {
  z_stream& stream = *stream_;
  std::array<Bytef, 32768> out;
  // zlib only reads from it.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  do {
    if (whole_ && stream.avail_in > 0) {
      // gzip may be several members behind each other.
      if (inflateReset(&stream) != Z_OK) return false;
      whole_ = false;
    }
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    const int done = inflate(&stream, Z_NO_FLUSH);
    if (done != Z_OK && done != Z_STREAM_END && done != Z_BUF_ERROR) return false;
    whole_ = done == Z_STREAM_END;
    const std::size_t size = out.size() - stream.avail_out;
    if (size > 0 && !sink({reinterpret_cast<const char*>(out.data()), size})) return false;
  } while (stream.avail_in > 0 || (!whole_ && stream.avail_out == 0));
  return true;
}

}  // namespace xlimit::gzip

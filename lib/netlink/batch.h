// SPDX-License-Identifier: MIT
// Builds one or several netlink messages in a buffer that the caller owns.
//
//   alignas(nlmsghdr) std::array<std::byte, 4096> buffer;
//   netlink::Batch batch{buffer};
//   batch.begin(type, NLM_F_REQUEST | NLM_F_ACK, sequence);
//   batch.extra<nfgenmsg>()->nfgen_family = AF_INET;
//   batch.put_text(IPSET_ATTR_SETNAME, "xlimit4");
//   const nlattr* data = batch.begin_nest(IPSET_ATTR_DATA); ... batch.end_nest(data);
//   if (!batch.full()) socket.send(batch.bytes());
//
// What does not fit is left out and makes full() true.
#pragma once

#include <libmnl/libmnl.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace xlimit::netlink {

class Batch {
 public:
  // `buffer` must be aligned as nlmsghdr is (4).
  explicit Batch(std::span<std::byte> buffer) : buffer_(buffer) {}

  // Begins a message behind what is there.
  void begin(std::uint16_t type, std::uint16_t flags, std::uint32_t sequence) {
    begin_ = end_;
    if (!reserve(sizeof(nlmsghdr))) return;
    ++messages_;
    auto* header = reinterpret_cast<nlmsghdr*>(buffer_.data() + begin_);
    *header = {
        .nlmsg_len = 0, .nlmsg_type = type, .nlmsg_flags = flags, .nlmsg_seq = sequence, .nlmsg_pid = 0};
    close();
  }

  // The family's own header, zeroed. Null when it does not fit.
  template <class Header>
  Header* extra() {
    std::byte* place = reserve(sizeof(Header));
    close();
    return reinterpret_cast<Header*>(place);
  }

  // An attribute with its bytes as they are.
  void put(std::uint16_t type, std::span<const std::byte> value) {
    std::byte* place = reserve(sizeof(nlattr) + value.size());
    if (place == nullptr) return;
    auto* attribute = reinterpret_cast<nlattr*>(place);
    *attribute = {.nla_len = static_cast<std::uint16_t>(sizeof(nlattr) + value.size()), .nla_type = type};
    if (!value.empty()) std::memcpy(place + sizeof(nlattr), value.data(), value.size());
    close();
  }
  void put_u8(std::uint16_t type, std::uint8_t value) { put_value(type, value); }
  void put_u32(std::uint16_t type, std::uint32_t value) { put_value(type, value); }  // host order
  // In network order, with NLA_F_NET_BYTEORDER.
  void put_be32(std::uint16_t type, std::uint32_t value) {
    put_value(static_cast<std::uint16_t>(type | NLA_F_NET_BYTEORDER), __builtin_bswap32(value));
  }
  // In network order.
  void put_be64(std::uint16_t type, std::uint64_t value) { put_value(type, __builtin_bswap64(value)); }
  // With a terminating NUL, as the kernel's string attributes want it.
  void put_text(std::uint16_t type, std::string_view text) {
    std::byte* place = reserve(sizeof(nlattr) + text.size() + 1);
    if (place == nullptr) return;
    auto* attribute = reinterpret_cast<nlattr*>(place);
    *attribute = {.nla_len = static_cast<std::uint16_t>(sizeof(nlattr) + text.size() + 1), .nla_type = type};
    std::memcpy(place + sizeof(nlattr), text.data(), text.size());
    close();
  }

  // Attributes until end_nest() are inside this one.
  std::size_t begin_nest(std::uint16_t type) {
    const std::size_t at = end_;
    put(static_cast<std::uint16_t>(type | NLA_F_NESTED), {});
    return at;
  }
  void end_nest(std::size_t at) {
    if (full_) return;
    // An attribute's length has 16 bits.
    if (end_ - at > UINT16_MAX) {
      full_ = true;
      return;
    }
    reinterpret_cast<nlattr*>(buffer_.data() + at)->nla_len = static_cast<std::uint16_t>(end_ - at);
  }

  void clear() { begin_ = end_ = 0, messages_ = 0, full_ = false; }

  std::span<const std::byte> bytes() const { return buffer_.first(end_); }
  unsigned messages() const { return messages_; }
  bool empty() const { return end_ == 0; }
  bool full() const { return full_; }
  // Bytes that still fit.
  std::size_t room() const { return buffer_.size() - end_; }

 private:
  template <class T>
  void put_value(std::uint16_t type, T value) {
    put(type, std::as_bytes(std::span{&value, 1}));
  }
  // `size` zeroed bytes and the padding behind them; null when they don't fit.
  std::byte* reserve(std::size_t size) {
    const std::size_t aligned = (size + 3) & ~std::size_t{3};
    if (full_ || aligned > room() || aligned > UINT16_MAX) return full_ = true, nullptr;
    std::byte* place = buffer_.data() + end_;
    std::memset(place, 0, aligned);
    end_ += aligned;
    return place;
  }
  // Writes the length of the message that was begun last.
  void close() {
    if (end_ > begin_)
      reinterpret_cast<nlmsghdr*>(buffer_.data() + begin_)->nlmsg_len =
          static_cast<std::uint32_t>(end_ - begin_);
  }

  std::span<std::byte> buffer_;
  std::size_t begin_ = 0, end_ = 0;  // of the message that was begun last
  unsigned messages_ = 0;
  bool full_ = false;
};

}  // namespace xlimit::netlink

// SPDX-License-Identifier: MIT
// Walks the attributes of a message, or of another attribute, and never beyond its bytes.
//
//   for (const netlink::Attribute attribute : netlink::Attributes{message, sizeof(rtmsg)}) {
//     if (attribute.type() == RTA_OIF) index = attribute.u32().value_or(0);
//   }
//
// A walk ends early at an attribute that is shorter than its header or longer than what is left.
#pragma once

#include <linux/netlink.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

namespace xlimit::netlink {

class Attribute {
 public:
  Attribute(std::uint16_t raw_type, std::span<const std::byte> bytes) : type_(raw_type), bytes_(bytes) {}

  // Without the flags for nesting and byte order.
  std::uint16_t type() const { return type_ & NLA_TYPE_MASK; }
  std::span<const std::byte> bytes() const { return bytes_; }

  // Absent when the size is another.
  std::optional<std::uint8_t> u8() const { return value<std::uint8_t>(); }
  std::optional<std::uint16_t> u16() const { return value<std::uint16_t>(); }  // as it stands
  std::optional<std::uint32_t> u32() const { return value<std::uint32_t>(); }  // as it stands
  std::optional<std::uint32_t> be32() const {
    const std::optional<std::uint32_t> raw = u32();
    if (!raw) return {};
    return __builtin_bswap32(*raw);
  }
  std::optional<std::uint64_t> be64() const {
    const std::optional<std::uint64_t> raw = value<std::uint64_t>();
    if (!raw) return {};
    return __builtin_bswap64(*raw);
  }
  // Up to a NUL, if there is one.
  std::string_view text() const {
    const std::string_view all{reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
    return all.substr(0, all.find('\0'));
  }

 private:
  template <class T>
  std::optional<T> value() const {
    if (bytes_.size() != sizeof(T)) return {};
    T value;
    std::memcpy(&value, bytes_.data(), sizeof value);
    return value;
  }

  std::uint16_t type_;
  std::span<const std::byte> bytes_;
};

class Attributes {
 public:
  explicit Attributes(std::span<const std::byte> bytes) : bytes_(bytes) {}
  explicit Attributes(const Attribute& nest) : bytes_(nest.bytes()) {}
  // Those of a message, behind a family's own header of `header` bytes.
  Attributes(const nlmsghdr& message, std::size_t header) {
    const std::size_t skipped = NLMSG_HDRLEN + NLMSG_ALIGN(header);
    if (message.nlmsg_len <= skipped) return;
    bytes_ = {reinterpret_cast<const std::byte*>(&message) + skipped, message.nlmsg_len - skipped};
  }

  class Iterator {
   public:
    explicit Iterator(std::span<const std::byte> rest) : rest_(rest) { check(); }
    Attribute operator*() const {
      return {header().nla_type, rest_.subspan(NLA_HDRLEN, header().nla_len - NLA_HDRLEN)};
    }
    Iterator& operator++() {
      const std::size_t step = NLA_ALIGN(static_cast<std::size_t>(header().nla_len));
      rest_ = step < rest_.size() ? rest_.subspan(step) : std::span<const std::byte>{};
      check();
      return *this;
    }
    bool operator!=(const Iterator& other) const { return rest_.size() != other.rest_.size(); }

   private:
    nlattr header() const {
      nlattr header;
      std::memcpy(&header, rest_.data(), sizeof header);
      return header;
    }
    void check() {
      if (rest_.size() < NLA_HDRLEN || header().nla_len < NLA_HDRLEN || header().nla_len > rest_.size())
        rest_ = {};
    }
    std::span<const std::byte> rest_;
  };

  Iterator begin() const { return Iterator{bytes_}; }
  Iterator end() const { return Iterator{{}}; }

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace xlimit::netlink

// SPDX-License-Identifier: MIT
// Memory for large tables that are entered at random: on huge pages a look-up does not miss the address
// translation on top of the cache.
#pragma once

#include <cstddef>
#include <memory>

namespace xlimit::base {

inline constexpr std::size_t kHugePage = 2 * 1024 * 1024;

struct FreePages {
  void operator()(void* pages) const;
};
using Pages = std::unique_ptr<void, FreePages>;

// `size` bytes, aligned to and a multiple of kHugePage, not yet backed by memory. `huge` asks the kernel for
// huge pages (madvise(2)); otherwise it is asked for small ones, so that a table with little in it stays
// little. Throws std::bad_alloc.
Pages allocate_pages(std::size_t size, bool huge);

// Asks for the memory at this address, to be read or written soon. GCC takes a function that only prefetches
// for one that does nothing and drops the call, unless something in it is volatile.
inline void prefetch(const void* address) {
  __builtin_prefetch(address, 1);
  asm volatile("");
}

// For containers whose one large array should lie on huge pages; small arrays come from the heap.
template <class T>
struct HugeAllocator {
  using value_type = T;

  HugeAllocator() = default;
  template <class Other>
  HugeAllocator(const HugeAllocator<Other>&) {}

  T* allocate(std::size_t count) {
    const std::size_t size = count * sizeof(T);
    if (size < kHugePage) return std::allocator<T>{}.allocate(count);
    return static_cast<T*>(allocate_pages((size + kHugePage - 1) / kHugePage * kHugePage, true).release());
  }
  void deallocate(T* array, std::size_t count) {
    if (count * sizeof(T) < kHugePage) return std::allocator<T>{}.deallocate(array, count);
    FreePages{}(array);
  }
  bool operator==(const HugeAllocator&) const { return true; }
};

}  // namespace xlimit::base

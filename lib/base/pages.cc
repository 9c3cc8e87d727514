// SPDX-License-Identifier: MIT
// aligned_alloc(3) and madvise(2).
#include "base/pages.h"

#include <sys/mman.h>

#include <cstdlib>
#include <new>

namespace xlimit::base {

void FreePages::operator()(void* pages) const { std::free(pages); }

Pages allocate_pages(std::size_t size, bool huge) {
  Pages pages{std::aligned_alloc(kHugePage, size)};
  if (!pages) throw std::bad_alloc{};
  ::madvise(pages.get(), size,
            huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);  // advice: a kernel without is as good
  return pages;
}

}  // namespace xlimit::base

// SPDX-License-Identifier: MIT
// mmdb PREFIX NUMBER [PREFIX NUMBER]...: a database of autonomous systems on stdout.
#include "mmdb.h"

#include <cstdlib>
#include <iostream>

int main(int argc, char** argv) {
  mmdb::Writer writer;
  for (int i = 1; i + 1 < argc; i += 2)
    writer.add(argv[i], static_cast<std::uint32_t>(std::strtoul(argv[i + 1], nullptr, 10)));
  std::cout << writer.file();
}

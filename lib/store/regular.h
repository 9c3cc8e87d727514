// SPDX-License-Identifier: MIT
// Files of ours that may lie in a folder of somebody else's, who could have put a link or a device in their
// place. What is not a regular file is refused with what it is (kUnavailable).
#pragma once

#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace xlimit::store {

// May `path` be renamed over: is it absent, or a regular file? The error begins with `what`.
base::Result<void> check_replaceable(const std::string& path, const std::string& what);

// Opens a file that is there, whose only name this is; a descriptor of none when there is nothing. `flags` as
// those of open(2).
base::Result<base::Fd> open_regular(const std::string& path, int flags);
// Makes a file that is not there, of mode 0600, and gives it away.
base::Result<base::Fd> make_regular(const std::string& path, int flags);
// Either.
base::Result<base::Fd> open_or_make(const std::string& path, int flags);

// When we are root, gives a file that we have just made to the owner of the folder of `path`: a service with
// a user of its own could not read it otherwise, when somebody ran the same program by hand. Never one that
// was there.
void give_away(const base::Fd& fd, const std::string& path);

}  // namespace xlimit::store

// SPDX-License-Identifier: MIT
// Identifiers of events: UUIDv7 (RFC 9562), sortable by time.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"

namespace xlimit::base {

// The UUIDv7 of `time` (whole milliseconds) whose other bits are a hash of `content`. The same content at the
// same time has the same id, so that a decision made twice, before and after a crash, is recognised as one.
std::string make_uuid7(Time time, std::string_view content);

}  // namespace xlimit::base

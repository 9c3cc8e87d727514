// SPDX-License-Identifier: MIT
// How an operation that the world can break says so.
//
//   Result<Fd> open_log(const std::string& path) {
//     Fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
//     if (!fd) return os_error("open '" + path + "'");
//     return fd;
//   }
//
// The caller passes the error up (`return failed(result)`) or handles it; only cli::Command prints it.
#pragma once

#include <cerrno>
#include <string>
#include <tl/expected.hpp>

namespace xlimit::base {

// Exit codes of every program, from sysexits.h where it has a word for the case.
enum class Exit : int {
  kDone = 0,
  kNo = 1,            // the answer is no
  kUsage = 64,        // wrong command line
  kData = 65,         // input that is not what it should be
  kUnavailable = 69,  // a file, kernel feature or service that is not there
  kSystem = 71,       // the system refused something it should do
  kIo = 74,           // reading or writing failed
  kTemporary = 75,    // try again later
  kPermission = 77,   // not allowed
  kConfig = 78,       // configuration file
};

// `text` is a clause a user can act on: the object in single quotes, the system's reason last.
struct Error {
  Exit code = Exit::kSystem;
  std::string text;
};

template <class T>
using Result = tl::expected<T, Error>;

// An Error as any Result's failure.
inline tl::unexpected<Error> fail(Exit code, std::string text) {
  return tl::make_unexpected(Error{code, std::move(text)});
}

// Passes the failure of one Result on as another's.
template <class T>
tl::unexpected<Error> failed(Result<T>& result) {
  return tl::make_unexpected(std::move(result.error()));
}

// "WHAT: <strerror>" with the exit code that suits the error number.
Error make_os_error(const std::string& what, int number);
inline tl::unexpected<Error> os_error(const std::string& what, int number = errno) {
  return tl::make_unexpected(make_os_error(what, number));
}

}  // namespace xlimit::base

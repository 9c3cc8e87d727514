// SPDX-License-Identifier: MIT
// Downloads over HTTP, several at once, through libcurl: within limits of size and time, again after failures
// that may pass, only over http and https, and from https only to https, and only what is whole.
//
//   std::vector<http::Response> responses = http::get(requests, {});
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace xlimit::http {

struct Request {
  std::string url;
  // From the last answer; empty: not known. With them the server may say that nothing has changed.
  std::string etag{}, last_modified{};
};

struct Limits {
  std::uint64_t body = std::uint64_t{64} << 20U;  // bytes, after decompression
  std::chrono::seconds connect{10}, total{120};
  std::chrono::seconds slow{20};  // how long fewer than 100 bytes a second are borne
  unsigned tries = 3;
  std::chrono::milliseconds pause{1000};  // before the second try; doubled before each further one
  std::size_t at_once = 8;
};

struct Response {
  long status = 0;  // 200, 304, ...; 0 when there was no answer
  std::string body{}, etag{}, last_modified{}, type{};
  std::string error{};  // empty: the status is 200, or 304 when asked, and the body is whole
  // Whether it is whole could be told: the server said how long it is. Otherwise it ends where the connection
  // does, which may be anywhere.
  bool end_told = true;

  bool good() const { return error.empty(); }
  bool unchanged() const { return good() && status == 304; }
};

// Called now and then with how many are done and how many bytes have come.
using OnProgress = std::function<void(std::size_t done, std::uint64_t bytes)>;

// responses[i] answers requests[i]. Returns when all have ended, well or not.
std::vector<Response> get(std::span<const Request> requests, const Limits& limits,
                          const OnProgress& on_progress = {});

}  // namespace xlimit::http

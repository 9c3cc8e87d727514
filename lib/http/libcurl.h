// SPDX-License-Identifier: MIT
// The one door to libcurl, which is loaded when the first download begins: what a program does without one,
// as merging files, would need twice the memory for the thirty libraries that come with it.
//
//   if (!curl().missing.empty()) return fail(curl().missing);
//   CURL* easy = curl().easy_init();
#pragma once

#include <string>

#include <curl/curl.h>

namespace xlimit::http {

class Libcurl {
 public:
  Libcurl();

  // Why it can't be used: not installed, too old.
  std::string missing;

  decltype(&::curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&::curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&::curl_easy_header) easy_header = nullptr;
  decltype(&::curl_easy_init) easy_init = nullptr;
  decltype(&::curl_easy_setopt) easy_setopt = nullptr;
  decltype(&::curl_easy_strerror) easy_strerror = nullptr;
  decltype(&::curl_global_init) global_init = nullptr;
  decltype(&::curl_multi_add_handle) multi_add_handle = nullptr;
  decltype(&::curl_multi_cleanup) multi_cleanup = nullptr;
  decltype(&::curl_multi_info_read) multi_info_read = nullptr;
  decltype(&::curl_multi_init) multi_init = nullptr;
  decltype(&::curl_multi_perform) multi_perform = nullptr;
  decltype(&::curl_multi_poll) multi_poll = nullptr;
  decltype(&::curl_multi_remove_handle) multi_remove_handle = nullptr;
  decltype(&::curl_multi_setopt) multi_setopt = nullptr;
  decltype(&::curl_slist_append) slist_append = nullptr;
  decltype(&::curl_slist_free_all) slist_free_all = nullptr;

 private:
  template <class Function>
  void find(Function& function, const char* name);

  void* library_;  // for good
};

const Libcurl& curl();

}  // namespace xlimit::http

// SPDX-License-Identifier: MIT
// Loads libcurl.
#include "http/libcurl.h"

#include <dlfcn.h>

namespace xlimit::http {

Libcurl::Libcurl() : library_(::dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL)) {
  if (library_ == nullptr) {
    missing = std::string{"load libcurl: "} + ::dlerror();
    return;
  }
  find(easy_cleanup, "curl_easy_cleanup");
  find(easy_getinfo, "curl_easy_getinfo");
  find(easy_header, "curl_easy_header");
  find(easy_init, "curl_easy_init");
  find(easy_setopt, "curl_easy_setopt");
  find(easy_strerror, "curl_easy_strerror");
  find(global_init, "curl_global_init");
  find(multi_add_handle, "curl_multi_add_handle");
  find(multi_cleanup, "curl_multi_cleanup");
  find(multi_info_read, "curl_multi_info_read");
  find(multi_init, "curl_multi_init");
  find(multi_perform, "curl_multi_perform");
  find(multi_poll, "curl_multi_poll");
  find(multi_remove_handle, "curl_multi_remove_handle");
  find(multi_setopt, "curl_multi_setopt");
  find(slist_append, "curl_slist_append");
  find(slist_free_all, "curl_slist_free_all");
  if (!missing.empty()) return;
  const CURLcode ready = global_init(CURL_GLOBAL_DEFAULT);
  if (ready != CURLE_OK) missing = easy_strerror(ready);
}

template <class Function>
void Libcurl::find(Function& function, const char* name) {
  function = reinterpret_cast<Function>(::dlsym(library_, name));
  if (function == nullptr) missing = std::string{"load libcurl: it has no "} + name;
}

const Libcurl& curl() {
  static const Libcurl library;
  return library;
}

}  // namespace xlimit::http

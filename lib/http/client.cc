// SPDX-License-Identifier: MIT
// Downloads through libcurl.
#include "http/client.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <optional>

#include "base/text.h"
#include "gzip/inflate.h"
#include "http/libcurl.h"

namespace xlimit::http {
namespace {

using Milliseconds = std::chrono::milliseconds;

struct CloseEasy {
  void operator()(CURL* easy) const { curl().easy_cleanup(easy); }
};
struct CloseMulti {
  void operator()(CURLM* multi) const { curl().multi_cleanup(multi); }
};
struct FreeHeaders {
  void operator()(curl_slist* headers) const { curl().slist_free_all(headers); }
};

// One request under way.
struct Transfer {
  const Request* request = nullptr;
  Response* response = nullptr;
  std::uint64_t most = 0;
  bool too_large = false;
  std::optional<std::string> coding;       // known when the body begins
  std::optional<gzip::Inflater> inflater;  // of a compressed body
  std::array<char, CURL_ERROR_SIZE> text{};
  std::unique_ptr<curl_slist, FreeHeaders> headers;
  std::unique_ptr<CURL, CloseEasy> easy;
};

// Of the last answer, after all redirects.
std::string header(CURL* easy, const char* name) {
  curl_header* found = nullptr;
  if (curl().easy_header(easy, name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK) return {};
  return found->value;
}

// Counts what decompression made of it, so that a small answer can't become a large one.
bool append(Transfer& transfer, std::string_view text) {
  std::string& body = transfer.response->body;
  transfer.too_large = body.size() + text.size() > transfer.most;
  if (!transfer.too_large) body.append(text);
  return !transfer.too_large;
}

// The coding of the body, in the form that is compared; sees to what undoes it.
const std::string& coding_of(Transfer& transfer) {
  if (transfer.coding) return *transfer.coding;
  std::string coding = header(transfer.easy.get(), "Content-Encoding");
  for (char& c : coding) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (coding == "gzip" || coding == "x-gzip" || coding == "deflate") transfer.inflater.emplace();
  if (transfer.inflater || coding == "identity") coding.clear();
  return transfer.coding.emplace(std::move(coding));
}

std::size_t take_body(const char* data, std::size_t, std::size_t size, void* place) {
  auto& transfer = *static_cast<Transfer*>(place);
  constexpr std::size_t kStop = 0;  // libcurl ends the transfer
  if (!coding_of(transfer).empty()) return kStop;
  const std::string_view bytes{data, size};
  const auto sink = [&](std::string_view text) { return append(transfer, text); };
  return (transfer.inflater ? transfer.inflater->feed(bytes, sink) : sink(bytes)) ? size : kStop;
}

void add_header(Transfer& transfer, const std::string& line) {
  curl_slist* longer = curl().slist_append(transfer.headers.get(), line.c_str());
  if (longer == nullptr) return;
  (void)transfer.headers.release();
  transfer.headers.reset(longer);
}

std::unique_ptr<Transfer> begin(const Request& request, Response& response, const Limits& limits) {
  auto transfer = std::make_unique<Transfer>();
  transfer->request = &request;
  transfer->response = &response;
  transfer->most = limits.body;
  transfer->easy.reset(curl().easy_init());
  CURL* easy = transfer->easy.get();
  response = {};
  // Undone here: libcurl would not say when the end is missing.
  add_header(*transfer, "Accept-Encoding: gzip");
  if (!request.etag.empty()) add_header(*transfer, "If-None-Match: " + request.etag);
  if (!request.last_modified.empty()) add_header(*transfer, "If-Modified-Since: " + request.last_modified);
  curl().easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl().easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers.get());
  curl().easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  const bool secure = request.url.starts_with("https://");
  curl().easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
  curl().easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
  curl().easy_setopt(easy, CURLOPT_MAXREDIRS, 5L);
  curl().easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
  curl().easy_setopt(easy, CURLOPT_USERAGENT, "xlimit/" XLIMIT_VERSION);
  curl().easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, static_cast<long>(limits.connect.count()));
  curl().easy_setopt(easy, CURLOPT_TIMEOUT, static_cast<long>(limits.total.count()));
  curl().easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 100L);
  curl().easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(limits.slow.count()));
  curl().easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(limits.body));
  curl().easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl().easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->text.data());
  curl().easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
  curl().easy_setopt(easy, CURLOPT_WRITEDATA, transfer.get());
  curl().easy_setopt(easy, CURLOPT_PRIVATE, transfer.get());
  return transfer;
}

bool is_end_told(const Transfer& transfer) {
  CURL* easy = transfer.easy.get();
  long version = 0;
  curl().easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
  return transfer.inflater || version > CURL_HTTP_VERSION_1_1 || !header(easy, "Content-Length").empty() ||
         !header(easy, "Transfer-Encoding").empty();
}

std::string describe(const Transfer& transfer, CURLcode code) {
  if (transfer.too_large || code == CURLE_FILESIZE_EXCEEDED)
    return "it is larger than " + std::to_string(transfer.most) + " bytes";
  if (transfer.coding && !transfer.coding->empty())
    return "it is coded as '" + base::printable(*transfer.coding) + "', which was not asked for";
  if (code == CURLE_WRITE_ERROR) return "its compressed body is broken";
  if (code != CURLE_OK) return transfer.text[0] != '\0' ? transfer.text.data() : curl().easy_strerror(code);
  const long status = transfer.response->status;
  const bool compared = !transfer.request->etag.empty() || !transfer.request->last_modified.empty();
  if (status != 200 && (status != 304 || !compared)) return "the server answers " + std::to_string(status);
  return transfer.inflater && !transfer.inflater->whole() ? "its compressed body is cut" : "";
}

void finish(Transfer& transfer, CURLcode code) {
  Response& response = *transfer.response;
  CURL* easy = transfer.easy.get();
  curl().easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &response.status);
  response.etag = header(easy, "ETag");
  response.last_modified = header(easy, "Last-Modified");
  response.type = header(easy, "Content-Type");
  response.end_told = is_end_told(transfer);
  response.error = describe(transfer, code);
  if (!response.good()) response.body.clear();
}

// What another try may mend: no connection, a cut or slow transfer, a server in trouble.
bool may_pass(const Transfer& transfer, CURLcode code) {
  constexpr std::array kTemporary{
      CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT, CURLE_PARTIAL_FILE,
      CURLE_GOT_NOTHING,          CURLE_SEND_ERROR,      CURLE_RECV_ERROR};
  if (transfer.too_large) return false;
  const long status = transfer.response->status;
  if (code == CURLE_OK && (status == 200 || status == 304)) return !transfer.response->good();
  if (code == CURLE_OK) return status >= 500 || status == 429;
  return std::ranges::find(kTemporary, code) != kTemporary.end();
}

// All requests at once; returns the places of those worth another try.
class Round {
 public:
  Round(std::span<const Request> requests, std::vector<Response>& responses, const Limits& limits,
        const OnProgress& on_progress)
      : requests_(requests), responses_(responses), limits_(limits), on_progress_(on_progress) {}

  std::vector<std::size_t> run(const std::vector<std::size_t>& which) {
    std::unique_ptr<CURLM, CloseMulti> multi{curl().multi_init()};
    curl().multi_setopt(multi.get(), CURLMOPT_MAX_TOTAL_CONNECTIONS, static_cast<long>(limits_.at_once));
    std::vector<std::unique_ptr<Transfer>> transfers;
    for (const std::size_t place : which) {
      transfers.push_back(begin(requests_[place], responses_[place], limits_));
      curl().multi_add_handle(multi.get(), transfers.back()->easy.get());
    }
    std::vector<std::size_t> again;
    int running = 1;
    while (running > 0) {
      curl().multi_perform(multi.get(), &running);
      collect(multi.get(), again);
      if (on_progress_) on_progress_(responses_.size() - static_cast<std::size_t>(running), bytes());
      if (running > 0) curl().multi_poll(multi.get(), nullptr, 0, 200, nullptr);
    }
    for (const auto& transfer : transfers) curl().multi_remove_handle(multi.get(), transfer->easy.get());
    return again;
  }

 private:
  void collect(CURLM* multi, std::vector<std::size_t>& again) {
    int left = 0;
    while (const CURLMsg* message = curl().multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      Transfer* transfer = nullptr;
      curl().easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
      const CURLcode code = message->data.result;
      finish(*transfer, code);
      if (may_pass(*transfer, code))
        again.push_back(static_cast<std::size_t>(transfer->request - requests_.data()));
    }
  }
  std::uint64_t bytes() const {
    std::uint64_t sum = 0;
    for (const Response& response : responses_) sum += response.body.size();
    return sum;
  }

  std::span<const Request> requests_;
  std::vector<Response>& responses_;
  const Limits& limits_;
  const OnProgress& on_progress_;
};

}  // namespace

std::vector<Response> get(std::span<const Request> requests, const Limits& limits,
                          const OnProgress& on_progress) {
  std::vector<Response> responses(requests.size());
  if (!curl().missing.empty()) {
    for (Response& response : responses) response.error = curl().missing;
    return responses;
  }
  std::vector<std::size_t> which(requests.size());
  for (std::size_t i = 0; i < which.size(); ++i) which[i] = i;
  Round round{requests, responses, limits, on_progress};
  Milliseconds pause = limits.pause;
  for (unsigned i = 0; i < limits.tries && !which.empty(); ++i) {
    if (i > 0) {
      curl().multi_poll(std::unique_ptr<CURLM, CloseMulti>{curl().multi_init()}.get(), nullptr, 0,
                        static_cast<int>(pause.count()), nullptr);
      pause *= 2;
    }
    which = round.run(which);
  }
  return responses;
}

}  // namespace xlimit::http

// SPDX-License-Identifier: MIT
// The filter verbs: kill (without a word) and list.
#include <unistd.h>

#include "sockets/diag.h"
#include "sockets/killer.h"
#include "sockets/parse.h"
#include "sockets/services.h"
#include "sockkill/sockkill.h"
#include "stream/output.h"

namespace xlimit::sockkill {

using base::Exit;
using base::fail;
using base::failed;
using base::Result;
using sockets::Connection;

Result<sockets::Filter> read_filter(const Settings& settings) {
  std::string text;
  for (const std::string& word : settings.filter) text += word + ' ';
  Result<sockets::Filter> filter = sockets::parse_filter(text, sockets::find_service);
  if (filter && (filter->states() & sockets::kKillable) == 0)
    return fail(Exit::kUsage, "filter: listening and closed sockets are never destroyed");
  return filter;
}

Result<void> print(const std::vector<Connection>& connections, sockets::Form form) {
  stream::Output out{STDOUT_FILENO};
  if (Result<void> written = out.write(sockets::format_connections(connections, form)); !written)
    return written;
  return out.flush();
}

Result<Exit> list(const Settings& settings) {
  Result<sockets::Filter> filter = read_filter(settings);
  if (!filter) return failed(filter);
  Result<sockets::Diag> diag = sockets::Diag::open();
  if (!diag) return failed(diag);
  std::vector<Connection> found;
  Result<void> listed =
      diag->list(*filter, [&](const Connection& connection) { found.push_back(connection); });
  if (!listed) return failed(listed);
  if (Result<void> printed = print(found, settings.form); !printed) return failed(printed);
  return found.empty() ? Exit::kNo : Exit::kDone;
}

Result<Exit> kill(const Settings& settings) {
  Result<sockets::Filter> filter = read_filter(settings);
  if (!filter) return failed(filter);
  if (!settings.all && settings.filter.empty())
    return fail(Exit::kUsage, "no filter given; --all means every socket");
  if (!settings.all && sockets::matches_everything(*filter))
    return fail(Exit::kUsage, "filter: matches everything (or all of IPv4 or IPv6); --all means it");
  if (settings.dry_run) return list(settings);
  Result<sockets::Diag> diag = sockets::Diag::open();
  if (!diag) return failed(diag);
  if (Result<void> allowed = diag->check_destroy(); !allowed) return failed(allowed);
  std::vector<Connection> destroyed;
  sockets::Killer killer{*diag};
  Result<sockets::Toll> toll =
      killer.kill(*filter, [&](const Connection& connection) { destroyed.push_back(connection); });
  if (Result<void> printed = print(destroyed, settings.form); !printed) return failed(printed);
  if (!toll) return failed(toll);
  if (toll->left > 0) return fail(Exit::kTemporary, std::to_string(toll->left) + " sockets are left");
  return destroyed.empty() ? Exit::kNo : Exit::kDone;
}

}  // namespace xlimit::sockkill

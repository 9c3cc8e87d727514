// SPDX-License-Identifier: MIT
// Lists of connections.
#include "sockets/listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

namespace xlimit::sockets {
namespace {

std::string format_end(const ip::Address& address, std::uint16_t port) {
  const std::string text = ip::to_string(address);
  return address.is_v4() ? fmt::format("{}:{}", text, port) : fmt::format("[{}]:{}", text, port);
}

struct Row {
  std::string_view protocol, state;
  std::string local, remote;
};

Row row_of(const Connection& connection) {
  return {name_of(connection.protocol), name_of(connection.state),
          format_end(connection.local, connection.local_port),
          format_end(connection.remote, connection.remote_port)};
}

std::string format_table(std::span<const Connection> connections) {
  std::vector<Row> rows{{"PROTOCOL", "STATE", "LOCAL", "REMOTE"}};
  std::size_t local = 0;
  for (const Connection& connection : connections) {
    rows.push_back(row_of(connection));
    local = std::max(local, rows.back().local.size());
  }
  std::string text;
  if (connections.empty()) return text;
  for (const Row& row : rows)
    fmt::format_to(std::back_inserter(text), "{:<8}  {:<11}  {:<{}}  {}\n", row.protocol, row.state,
                   row.local, local, row.remote);
  return text;
}

void append_json(std::string& text, const Connection& connection) {
  fmt::format_to(std::back_inserter(text),
                 R"({{"type":"socket","protocol":"{}","state":"{}","local":"{}","local_port":{},)"
                 R"("remote":"{}","remote_port":{}}})"
                 "\n",
                 name_of(connection.protocol), name_of(connection.state), ip::to_string(connection.local),
                 connection.local_port, ip::to_string(connection.remote), connection.remote_port);
}

void append_plain(std::string& text, const Connection& connection) {
  const Row row = row_of(connection);
  fmt::format_to(std::back_inserter(text), "{} {} {} {}\n", row.protocol, row.state, row.local, row.remote);
}

}  // namespace

std::string format_connections(std::span<const Connection> connections, Form form) {
  if (form == Form::table) return format_table(connections);
  std::string text;
  for (const Connection& connection : connections)
    form == Form::json ? append_json(text, connection) : append_plain(text, connection);
  return text;
}

}  // namespace xlimit::sockets

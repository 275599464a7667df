#include "wasm/engine/socket/handshake.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/http/cors.hpp"
#include "shared/text/ascii.hpp"

namespace fabula::engine {
namespace {

// All sub-protocols of this service begin with this.
constexpr std::string_view kOurProtocols = "fabula.";

std::vector<std::string_view> entries(std::string_view list) {
  std::vector<std::string_view> found;
  while (!list.empty()) {
    const auto comma = list.find(',');
    const auto entry = text::trim(list.substr(0, comma));
    if (!entry.empty()) found.push_back(entry);
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
  return found;
}

bool is_upgrade(const Call& call) {
  const auto upgrade = call.head().headers.find("upgrade");
  return call.head().method == "GET" && upgrade &&
         text::equal_ignoring_case(text::trim(*upgrade), "websocket");
}

}  // namespace

Result<Handshake> read_handshake(const Call& call,
                                 std::span<const turn::SocketProtocol* const> protocols) {
  const auto& headers = call.head().headers;
  if (!is_upgrade(call)) {
    return problem(ErrorCode::upgrade_required,
                   "This is the address of a WebSocket. Open one here: new WebSocket(url).");
  }
  if (!http::is_origin_allowed(call.cors(), headers.find("origin"))) {
    return problem(ErrorCode::forbidden,
                   "Pages of this origin may not call. Add it to FABULA_ALLOWED_ORIGINS.");
  }
  Handshake handshake{nullptr, headers};
  std::optional<std::string_view> token;
  bool asks = false;
  for (const auto entry : entries(headers.find("sec-websocket-protocol").value_or(""))) {
    const auto named =
        std::find_if(protocols.begin(), protocols.end(),
                     [entry](const auto* protocol) { return protocol->name() == entry; });
    if (named != protocols.end()) {
      if (!handshake.protocol) handshake.protocol = *named;
    } else if (!entry.starts_with(kOurProtocols)) {
      // An entry that is neither known nor another version of ours: a token that cannot be read
      // must not make its caller a new guest.
      token = entry;
    }
    asks = true;
  }
  if (!handshake.protocol && !asks) {
    const auto unnamed = std::find_if(protocols.begin(), protocols.end(), [](const auto* protocol) {
      return protocol->name().empty();
    });
    if (unnamed != protocols.end()) handshake.protocol = *unnamed;
  }
  if (!handshake.protocol) {
    std::string detail = "Ask for one of these sub-protocols:";
    for (const auto* protocol : protocols) {
      if (!protocol->name().empty()) detail.append(" ").append(protocol->name());
    }
    return problem(ErrorCode::invalid_request, detail + ".");
  }
  if (!token) token = call.url().query_value("token");
  // The header takes precedence: other clients send it.
  if (token && !headers.find("authorization")) {
    handshake.headers.set("authorization", "Bearer " + std::string(*token));
  }
  return handshake;
}

}  // namespace fabula::engine

#include "wasm/engine/admission.hpp"

#include <cstddef>
#include <string_view>

#include "shared/admission/limits.hpp"
#include "shared/http/network_prefix.hpp"
#include "shared/json/text.hpp"
#include "shared/settings/table.hpp"
#include "wasm/engine/digest.hpp"
#include "wasm/runtime/host.hpp"

namespace fabula::engine {
namespace {

using runtime::Task;
using settings::named;

// 128 bits tell all networks apart.
constexpr std::size_t kPrefixDigits = 32;

// The client's address. Each proxy appends the address that it sees, so that only the last one in
// the operator's header is not the client's to choose.
std::string client_address(Call& call) {
  const auto header = call.setting_values().text(named("FABULA_CLIENT_ADDRESS_HEADER"));
  if (header.empty()) return runtime::client_address(call.context());
  const auto value = call.head().headers.find(header).value_or("");
  return std::string(value.substr(value.rfind(',') + 1));
}

}  // namespace

Task<Result<std::string>> describe_admission(Call& call) {
  auto& values = call.setting_values();
  const std::string limits = co_await admission::check_limits(values.text(named("FABULA_LIMITS")));
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("guests").boolean(values.text(named("FABULA_GUESTS")) != "off");
  if (const auto network = http::network_prefix(client_address(call))) {
    const std::string digest =
        co_await hmac_sha256_hex(call.context(), call.settings().secret_key, *network);
    writer.key("prefix").string(std::string_view(digest).substr(0, kPrefixDigits));
  }
  if (!limits.empty()) writer.key("limits").raw(limits);
  writer.end_object();
  co_return text;
}

}  // namespace fabula::engine

#include "wasm/runtime/host.hpp"

#include <array>

namespace fabula::runtime {
namespace {

bool has_trait(Context& context, abi::HostTrait trait) {
  const auto bit = static_cast<std::uint32_t>(trait);
  return (fabula_import_host_traits(context.request()) & bit) != 0;
}

}  // namespace

std::string request_head(Context& context) {
  const auto length = fabula_import_request_head(context.request(), nullptr, 0);
  std::string head(length, '\0');
  fabula_import_request_head(context.request(), head.data(), length);
  return head;
}

std::string client_address(Context& context) {
  const auto length = fabula_import_client_address(context.request(), nullptr, 0);
  std::string address(length, '\0');
  fabula_import_client_address(context.request(), address.data(), length);
  return address;
}

std::optional<std::string> environment(Context& context, std::string_view name) {
  const auto name_bytes = static_cast<std::uint32_t>(name.size());
  const auto length =
      fabula_import_environment(context.request(), name.data(), name_bytes, nullptr, 0);
  if (length <= 0) return std::nullopt;
  std::string value(static_cast<std::size_t>(length), '\0');
  fabula_import_environment(context.request(), name.data(), name_bytes, value.data(),
                            static_cast<std::uint32_t>(length));
  return value;
}

void remember(Context& context, std::string_view name, std::uint32_t value) {
  fabula_import_remember(context.request(), name.data(), static_cast<std::uint32_t>(name.size()),
                         value);
}

std::uint32_t recall(Context& context, std::string_view name) {
  return fabula_import_recall(context.request(), name.data(),
                              static_cast<std::uint32_t>(name.size()));
}

std::int64_t now_ms(Context& context) {
  return static_cast<std::int64_t>(fabula_import_clock_ms(context.request()));
}

void fill_random(Context& context, std::span<unsigned char> bytes) {
  fabula_import_random(context.request(), bytes.data(), static_cast<std::uint32_t>(bytes.size()));
}

std::uint32_t random_number(Context& context) {
  std::array<unsigned char, 4> bytes{};
  fill_random(context, bytes);
  std::uint32_t number = 0;
  for (const auto byte : bytes) number = number << 8 | byte;
  return number;
}

void log_line(Context& context, abi::LogLevel level, std::string_view line) {
  fabula_import_log(context.request(), static_cast<std::uint32_t>(level), line.data(),
                    static_cast<std::uint32_t>(line.size()));
}

bool notices_leaving_only_on_write(Context& context) {
  return has_trait(context, abi::HostTrait::notices_leaving_only_on_write);
}

bool is_scheduled(Context& context) { return has_trait(context, abi::HostTrait::is_scheduled); }

}  // namespace fabula::runtime

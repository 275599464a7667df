#include "shared/http/headers.hpp"

#include <utility>

#include "shared/text/ascii.hpp"

namespace fabula::http {

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const auto& header : headers_) {
    if (text::equal_ignoring_case(header.name, name)) return std::string_view(header.value);
  }
  return std::nullopt;
}

void Headers::add(std::string_view name, std::string value) {
  headers_.push_back(Header{text::to_lower(name), std::move(value)});
}

void Headers::set(std::string_view name, std::string value) {
  std::erase_if(headers_, [name](const Header& header) {
    return text::equal_ignoring_case(header.name, name);
  });
  add(name, std::move(value));
}

}  // namespace fabula::http

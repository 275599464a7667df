#include "shared/json/raw_object.hpp"

#include "shared/text/integer.hpp"

namespace fabula::json {

std::optional<RawObject> RawObject::read(std::string_view json,
                                         std::initializer_list<std::string_view> keys) {
  RawObject object;
  object.members_.reserve(keys.size());
  for (const auto key : keys) object.members_.push_back({.key = key});
  if (!find_raw_members(json, object.members_)) return std::nullopt;
  return object;
}

std::string_view RawObject::text(std::string_view key) const {
  for (const auto& member : members_) {
    if (member.key == key) return member.value;
  }
  return {};
}

std::optional<std::string> RawObject::string(std::string_view key) const {
  return string_value(text(key));
}

std::optional<std::uint64_t> RawObject::natural(std::string_view key) const {
  return text::parse_natural(text(key));
}

std::optional<std::int64_t> RawObject::integer(std::string_view key) const {
  return text::parse_integer(text(key));
}

}  // namespace fabula::json

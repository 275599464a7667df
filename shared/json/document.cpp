#include "shared/json/document.hpp"

#include <limits>

#include "shared/text/utf8.hpp"

namespace fabula::json {
namespace {

// Bounds nesting before a DOM exists: only brackets outside strings count.
bool is_deeper_than(std::string_view text, std::size_t limit) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > limit) return true;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return false;
}

}  // namespace

Result<Document> parse(std::string_view text) {
  if (!text::is_valid_utf8(text)) {
    return problem(ErrorCode::invalid_utf8, "The body is not valid UTF-8. Send UTF-8 text.");
  }
  if (is_deeper_than(text, kMaximumDepth)) {
    return problem(ErrorCode::json_too_deep,
                   "The JSON is nested more than 64 levels deep. Send a flatter document.");
  }
  auto document = Document::parse(text.begin(), text.end(), nullptr, false);
  if (document.is_discarded()) {
    return problem(ErrorCode::malformed_json, "The body is not valid JSON. Send one JSON value.");
  }
  return document;
}

std::string dump(const Document& document) {
  return document.dump(-1, ' ', false, Document::error_handler_t::replace);
}

const Document* find(const Document& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto member = object.find(key);
  return member == object.end() ? nullptr : &*member;
}

std::optional<std::string_view> string_at(const Document& object, std::string_view key) {
  const auto* member = find(object, key);
  const auto* value = member ? member->get_ptr<const std::string*>() : nullptr;
  if (!value) return std::nullopt;
  return std::string_view(*value);
}

std::optional<std::int64_t> integer_at(const Document& object, std::string_view key) {
  const auto* member = find(object, key);
  if (!member) return std::nullopt;
  if (const auto* value = member->get_ptr<const std::uint64_t*>()) {
    constexpr auto kMaximum = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (*value > kMaximum) return std::nullopt;
    return static_cast<std::int64_t>(*value);
  }
  if (const auto* value = member->get_ptr<const std::int64_t*>()) return *value;
  return std::nullopt;
}

std::optional<bool> boolean_at(const Document& object, std::string_view key) {
  const auto* member = find(object, key);
  const auto* value = member ? member->get_ptr<const bool*>() : nullptr;
  if (!value) return std::nullopt;
  return *value;
}

}  // namespace fabula::json

#include "shared/api/expectation.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "shared/http/token.hpp"
#include "shared/json/text.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/blank.hpp"
#include "shared/text/utf8.hpp"

namespace fabula::api {
namespace {

// In the order of Type.
constexpr std::array<std::string_view, 13> kNouns{
    "a string",
    "a UUID, as an answer gave it",
    "an e-mail address",
    "a URL that begins with http:// or https://",
    "visible ASCII characters without spaces",
    "a time in ISO 8601",
    "a month, such as 2026-11",
    "a whole number",
    "a number",
    "true or false",
    "an object",
    "an array",
    "a string, or an array of objects",
};
static_assert(kNouns.size() == static_cast<std::size_t>(Type::text_or_array) + 1);

bool is_numeric(Type type) { return type == Type::integer || type == Type::number; }

std::string_view unit(Type type) {
  if (is_numeric(type)) return "";
  return type == Type::array ? " items" : " characters";
}

void append_bound(std::string& out, std::string_view words, std::int64_t bound,
                  std::string_view unit) {
  out += words;
  json::append_integer(out, bound);
  out += unit;
}

void append_limits(std::string& out, const Field& field) {
  if (field.type == Type::text_or_array) {
    append_bound(out, ", of at most ", field.maximum_bytes, " bytes of UTF-8");
    append_bound(out, " or ", field.maximum, " items");
    return;
  }
  const bool is_range = field.maximum != 0 && (field.minimum != 0 || is_numeric(field.type));
  if (is_range) {
    const bool is_count = field.type == Type::token;
    append_bound(out,
                 is_numeric(field.type) ? " from "
                 : is_count             ? ", "
                                        : " of ",
                 field.minimum, " to ");
    json::append_integer(out, field.maximum);
    if (!is_count) out += unit(field.type);
  } else if (field.maximum != 0) {
    append_bound(out, " of at most ", field.maximum, unit(field.type));
  } else if (field.minimum != 0) {
    append_bound(out, " of at least ", field.minimum, unit(field.type));
  }
  if (field.maximum_bytes != 0) {
    append_bound(out, " of at most ", field.maximum_bytes, " bytes of UTF-8");
  }
}

// C0 and C1.
bool is_control(std::string_view character) {
  constexpr std::string_view kFirstAfterC1 = "\u00A0";
  if (character.size() > 1) return character >= "\u0080" && character < kFirstAfterC1;
  return static_cast<unsigned char>(character[0]) < ' ' || character == "\x7F";
}

// One @ with text on both sides, and no character that ends an address in a header or a list.
// Letters of any script are allowed.
bool is_email(std::string_view utf8) {
  const auto at = utf8.find('@');
  if (at == 0 || at >= utf8.size() - 1 || at != utf8.rfind('@')) return false;
  while (!utf8.empty()) {
    const auto character = text::prefix_code_points(utf8, 1);
    if (is_control(character) || text::is_blank(character)) return false;
    utf8.remove_prefix(character.size());
  }
  return true;
}

// Only characters of RFC 3986; whether a host answers there is not checked.
bool is_http_url(std::string_view utf8) {
  if (!utf8.starts_with("http://") && !utf8.starts_with("https://")) return false;
  utf8.remove_prefix(utf8.find('/') + 2);
  return !utf8.empty() && (text::is_alphanumeric(utf8[0]) || utf8[0] == '[') &&
         std::all_of(utf8.begin(), utf8.end(), [](char c) {
           constexpr std::string_view kForeign = "\"<>\\^`{|}";
           return http::is_visible_ascii(c) && kForeign.find(c) == std::string_view::npos;
         });
}

bool is_month(std::string_view utf8) {
  constexpr std::size_t kCharacters = 7;
  constexpr std::size_t kDashAt = 4;
  if (utf8.size() != kCharacters || utf8[kDashAt] != '-' || utf8[0] != '2') return false;
  for (std::size_t i = 0; i < kCharacters; ++i) {
    if (i != kDashAt && !text::is_digit(utf8[i])) return false;
  }
  const auto month = utf8.substr(kDashAt + 1);
  return month >= "01" && month <= "12";
}

}  // namespace

std::string expectation(const Field& field) {
  std::string out = "Send ";
  if (field.choices.empty()) {
    out += kNouns[static_cast<std::size_t>(field.type)];
    append_limits(out, field);
  } else {
    if (field.choices.size() > 1) out += "one of ";
    std::string_view separator = "";
    for (const auto choice : field.choices) {
      out += separator;
      json::append_string(out, choice);
      separator = ", ";
    }
  }
  if (field.is_not_blank) out += " that is not blank";
  out += '.';
  return out;
}

bool takes_text(const Field& field, std::string_view utf8) {
  if (!field.choices.empty()) {
    return std::find(field.choices.begin(), field.choices.end(), utf8) != field.choices.end();
  }
  if (field.type == Type::email && !is_email(utf8)) return false;
  if (field.type == Type::url && !is_http_url(utf8)) return false;
  if (field.type == Type::month && !is_month(utf8)) return false;
  if (field.type == Type::token && !std::all_of(utf8.begin(), utf8.end(), http::is_visible_ascii)) {
    return false;
  }
  if (field.maximum_bytes > 0 && utf8.size() > static_cast<std::size_t>(field.maximum_bytes)) {
    return false;
  }
  if (field.is_not_blank && text::is_blank(utf8)) return false;
  return is_within_limits(static_cast<std::int64_t>(text::count_code_points(utf8)), field);
}

}  // namespace fabula::api

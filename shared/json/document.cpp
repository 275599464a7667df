#include "shared/json/document.hpp"

#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>
#include <utility>

#include "shared/json/scanner.hpp"
#include "shared/json/text.hpp"
#include "shared/text/integer.hpp"
#include "shared/text/utf8.hpp"

namespace fabula::json {
namespace {

// Limits nesting before a document exists: only brackets outside strings count.
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

Document number(std::string_view literal) {
  if (const auto natural = text::parse_natural(literal)) return *natural;
  if (const auto integer = text::parse_integer(literal)) return *integer;
  // Exact to the last bit. (libc++ 19 has no from_chars for doubles; no program sets a locale.)
  return std::strtod(std::string(literal).c_str(), nullptr);
}

// Recurses no deeper than kMaximumDepth, which parse() has checked. The scanner keeps any fault.
Document read_value(Scanner& scanner) {
  switch (scanner.peek()) {
    case Kind::object: {
      auto object = Document::object_t();
      scanner.enter_object();
      StringSpan key;
      while (scanner.next_member(key)) {
        std::string name;
        append_unescaped(name, key);
        object.insert_or_assign(std::move(name), read_value(scanner));
      }
      return object;
    }
    case Kind::array: {
      auto array = Document::array_t();
      scanner.enter_array();
      while (scanner.next_element()) array.push_back(read_value(scanner));
      return array;
    }
    case Kind::string: {
      StringSpan span;
      std::string value;
      if (scanner.read_string(span)) append_unescaped(value, span);
      return value;
    }
    case Kind::number: {
      std::string_view literal;
      return scanner.read_number(literal) ? number(literal) : Document();
    }
    case Kind::boolean:
      return scanner.skip_value() == "true";
    case Kind::null:
    case Kind::none:
      break;
  }
  scanner.skip_value();
  return nullptr;
}

void append(std::string& out, const Document& document);

template <class Items, class AppendItem>
void append_items(std::string& out, const Items& items, const char* brackets,
                  AppendItem append_item) {
  out.push_back(brackets[0]);
  bool is_first = true;
  for (const auto& item : items) {
    if (!std::exchange(is_first, false)) out.push_back(',');
    append_item(item);
  }
  out.push_back(brackets[1]);
}

void append_number(std::string& out, double number) {
  std::array<char, 64> digits{};
  const char* const end =
      nlohmann::detail::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

void append(std::string& out, const Document& document) {
  if (const auto* object = document.get_ptr<const Document::object_t*>()) {
    append_items(out, *object, "{}", [&out](const auto& member) {
      append_string(out, member.first);
      out.push_back(':');
      append(out, member.second);
    });
  } else if (const auto* array = document.get_ptr<const Document::array_t*>()) {
    append_items(out, *array, "[]", [&out](const auto& item) { append(out, item); });
  } else if (const auto* text = document.get_ptr<const std::string*>()) {
    append_string(out, *text);
  } else if (const auto* boolean = document.get_ptr<const bool*>()) {
    out += *boolean ? "true" : "false";
  } else if (const auto* natural = document.get_ptr<const std::uint64_t*>()) {
    text::append_natural(out, *natural);
  } else if (const auto* integer = document.get_ptr<const std::int64_t*>()) {
    text::append_integer(out, *integer);
  } else if (const auto* real = document.get_ptr<const double*>();
             real != nullptr && std::isfinite(*real)) {
    append_number(out, *real);
  } else {
    out += "null";
  }
}

}  // namespace

Result<Document> parse(std::string_view text, LoneSurrogates lone_surrogates) {
  if (!text::is_valid_utf8(text)) {
    return problem(ErrorCode::invalid_utf8, "The body is not valid UTF-8. Send UTF-8 text.");
  }
  if (is_deeper_than(text, kMaximumDepth)) {
    return problem(ErrorCode::json_too_deep,
                   "The JSON is nested more than 64 levels deep. Send a flatter document.");
  }
  Scanner scanner(text, lone_surrogates);
  Document document = read_value(scanner);
  if (!scanner.finish()) {
    return problem(ErrorCode::malformed_json, "The body is not valid JSON. Send one JSON value.");
  }
  return document;
}

std::string dump(const Document& document) {
  std::string out;
  append(out, document);
  return out;
}

const Document* find(const Document& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto member = object.find(key);
  return member == object.end() ? nullptr : &*member;
}

Document* find(Document& object, std::string_view key) {
  return const_cast<Document*>(find(std::as_const(object), key));
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

std::optional<int> hundredths_at(const Document& object, std::string_view key) {
  constexpr double kMaximum = std::numeric_limits<int>::max();
  const auto* member = find(object, key);
  if (!member || !member->is_number()) return std::nullopt;
  const auto* real = member->get_ptr<const double*>();
  const auto whole = real ? std::nullopt : integer_at(object, key);
  if (!real && !whole) return std::nullopt;
  const double hundredths = (real ? *real : static_cast<double>(*whole)) * 100;
  // Also false for NaN.
  const bool fits = std::fabs(hundredths) < kMaximum;
  return fits ? std::optional(static_cast<int>(std::lround(hundredths))) : std::nullopt;
}

std::optional<bool> boolean_at(const Document& object, std::string_view key) {
  const auto* member = find(object, key);
  const auto* value = member ? member->get_ptr<const bool*>() : nullptr;
  if (!value) return std::nullopt;
  return *value;
}

}  // namespace fabula::json

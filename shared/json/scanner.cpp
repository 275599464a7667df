#include "shared/json/scanner.hpp"

#include <algorithm>

#include "shared/json/plain_characters.hpp"
#include "shared/json/unicode_escape.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/utf8_repair.hpp"

namespace fabula::json {

bool Scanner::fail() {
  if (!failed_) fault_ = at_;
  failed_ = true;
  at_ = end_;
  return false;
}

void Scanner::skip_space() {
  while (at_ < end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
}

Kind Scanner::peek() {
  skip_space();
  if (at_ == end_) return Kind::none;
  switch (*at_) {
    case '{':
      return Kind::object;
    case '[':
      return Kind::array;
    case '"':
      return Kind::string;
    case 't':
    case 'f':
      return Kind::boolean;
    case 'n':
      return Kind::null;
    default:
      return *at_ == '-' || text::is_digit(*at_) ? Kind::number : Kind::none;
  }
}

bool Scanner::enter(char bracket, bool is_object) {
  skip_space();
  if (at_ == end_ || *at_ != bracket || depth_ == kMaximumNesting) return fail();
  ++at_;
  ++depth_;
  levels_without_items_ = levels_without_items_ << 1 | 1U;
  levels_that_are_objects_ = levels_that_are_objects_ << 1 | (is_object ? 1U : 0U);
  return true;
}

bool Scanner::next_item(char closing) {
  skip_space();
  if (at_ == end_) return fail();
  if (*at_ == closing) {
    ++at_;
    --depth_;
    levels_without_items_ >>= 1;
    levels_that_are_objects_ >>= 1;
    return false;
  }
  if ((levels_without_items_ & 1) != 0) {
    levels_without_items_ ^= 1;
    return true;
  }
  if (*at_ != ',') return fail();
  ++at_;
  return true;
}

bool Scanner::next_element() { return next_item(']'); }

bool Scanner::next_member(StringSpan& key) {
  if (!next_item('}') || !read_string(key)) return false;
  skip_space();
  if (at_ == end_ || *at_ != ':') return fail();
  ++at_;
  return true;
}

bool Scanner::read_string(StringSpan& string) {
  skip_space();
  if (at_ == end_ || *at_ != '"') return fail();
  const char* const begin = ++at_;
  string.has_escapes = false;
  string.has_lone_surrogates = false;
  while ((at_ = skip_plain_characters(at_, end_)) < end_) {
    const auto c = static_cast<unsigned char>(*at_);
    if (c == '"') {
      string.contents = {begin, static_cast<std::size_t>(at_ - begin)};
      ++at_;
      return true;
    }
    if (c == '\\') {
      if (!skip_escape(string)) return fail();
    } else if (c < 0x20) {
      return fail();
    } else {
      const auto step = text::utf8_step(at_, end_);
      if (!step.is_valid) return fail();
      at_ += step.bytes;
    }
  }
  return fail();
}

bool Scanner::skip_escape(StringSpan& string) {
  string.has_escapes = true;
  if (end_ - at_ < 2) return false;
  if (at_[1] != 'u') {
    constexpr std::string_view kSimpleEscapes = "\"\\/bfnrt";
    const bool is_known = kSimpleEscapes.find(at_[1]) != std::string_view::npos;
    at_ += 2;
    return is_known;
  }
  const auto unit = unicode_escape(at_, end_);
  if (!unit) return false;
  at_ += kUnicodeEscapeBytes;
  if (is_high_surrogate(*unit)) {
    const auto second = unicode_escape(at_, end_);
    if (second && is_low_surrogate(*second)) {
      at_ += kUnicodeEscapeBytes;
      return true;
    }
  } else if (!is_low_surrogate(*unit)) {
    return true;
  }
  string.has_lone_surrogates = true;
  return lone_surrogates_ == LoneSurrogates::allowed;
}

bool Scanner::read_number(std::string_view& literal) {
  skip_space();
  const char* const begin = at_;
  if (!skip_number()) return fail();
  literal = {begin, static_cast<std::size_t>(at_ - begin)};
  return true;
}

std::size_t Scanner::skip_digits() {
  const char* const begin = at_;
  while (at_ < end_ && text::is_digit(*at_)) ++at_;
  return static_cast<std::size_t>(at_ - begin);
}

bool Scanner::skip_number() {
  if (at_ < end_ && *at_ == '-') ++at_;
  if (at_ == end_) return false;
  const bool is_below_one = *at_ == '0';
  std::size_t integer_digits = 1;
  if (is_below_one) {
    ++at_;
  } else if ((integer_digits = skip_digits()) == 0) {
    return false;
  }

  // The power of ten of the first nonzero digit: a double ends near 1.8e308.
  constexpr std::int64_t kFirstRefusedPower = 308;
  std::int64_t power = static_cast<std::int64_t>(integer_digits) - 1;
  bool is_zero = is_below_one;
  if (at_ < end_ && *at_ == '.') {
    const char* const fraction = ++at_;
    if (skip_digits() == 0) return false;
    if (is_below_one) {
      const char* const digit = std::find_if(fraction, at_, [](char c) { return c != '0'; });
      is_zero = digit == at_;
      power = -1 - (digit - fraction);
    }
  }
  if (at_ < end_ && (*at_ == 'e' || *at_ == 'E')) {
    ++at_;
    const bool is_negative = at_ < end_ && *at_ == '-';
    if (at_ < end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    const char* digit = at_;
    if (skip_digits() == 0) return false;
    constexpr std::int64_t kEnough = std::int64_t{1} << 40;  // no text has this many digits
    std::int64_t exponent = 0;
    for (; digit < at_ && exponent < kEnough; ++digit) exponent = exponent * 10 + (*digit - '0');
    power += is_negative ? -exponent : exponent;
  }
  return is_zero || power < kFirstRefusedPower;
}

bool Scanner::skip_literal(std::string_view literal) {
  const auto left = static_cast<std::size_t>(end_ - at_);
  if (std::string_view(at_, left).substr(0, literal.size()) != literal) return fail();
  at_ += literal.size();
  return true;
}

bool Scanner::skip_scalar() {
  StringSpan string;
  std::string_view number;
  switch (peek()) {
    case Kind::string:
      return read_string(string);
    case Kind::number:
      return read_number(number);
    case Kind::boolean:
      return skip_literal(*at_ == 't' ? "true" : "false");
    case Kind::null:
      return skip_literal("null");
    default:
      return fail();
  }
}

std::string_view Scanner::skip_value() {
  skip_space();
  const char* const begin = at_;
  const std::size_t depth = depth_;
  StringSpan key;
  do {
    if (depth_ > depth) {
      const bool is_object = (levels_that_are_objects_ & 1) != 0;
      if (!(is_object ? next_member(key) : next_element())) continue;
    }
    switch (peek()) {
      case Kind::object:
        enter_object();
        break;
      case Kind::array:
        enter_array();
        break;
      default:
        skip_scalar();
        break;
    }
  } while (depth_ > depth && !failed_);
  if (failed_) return {};
  return {begin, static_cast<std::size_t>(at_ - begin)};
}

bool Scanner::finish() {
  skip_space();
  return !failed_ && depth_ == 0 && at_ == end_;
}

std::optional<std::string> string_value(std::string_view json) {
  Scanner scanner(json);
  StringSpan string;
  if (!scanner.read_string(string) || !scanner.finish()) return std::nullopt;
  std::string value;
  append_unescaped(value, string);
  return value;
}

bool is_valid(std::string_view json) {
  Scanner scanner(json);
  scanner.skip_value();
  return scanner.finish();
}

bool find_raw_members(std::string_view json, std::span<RawMember> members,
                      LoneSurrogates lone_surrogates) {
  Scanner scanner(json, lone_surrogates);
  StringSpan key;
  std::string unescaped;
  if (!scanner.enter_object()) return false;
  while (scanner.next_member(key)) {
    unescaped.clear();
    append_unescaped(unescaped, key);
    const auto value = scanner.skip_value();
    for (auto& member : members) {
      if (member.key == unescaped) member.value = value;
    }
  }
  return scanner.finish();
}

}  // namespace fabula::json

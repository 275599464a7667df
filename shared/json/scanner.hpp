// A strict, forward-only walk over one JSON text (RFC 8259) without a document: nothing is copied
// or allocated, values are spans of the text. It is stricter than json::parse, never laxer: also
// refused are a byte-order mark, anything after a NUL, and numbers of 1e308 and more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace fabula::json {

// The same bound as kMaximumDepth of document.hpp.
inline constexpr std::size_t kMaximumNesting = 64;

enum class Kind : std::uint8_t { none, object, array, string, number, boolean, null };

// A string as it is in the text, checked but not unescaped.
struct StringSpan {
  std::string_view contents;  // between the quotes
  bool has_escapes = false;
  bool has_lone_surrogates = false;
};

// Escapes like \ud83d without their other half are not characters. Some model providers split a
// pair and send each half in a chunk of its own, so their chunks are scanned with `allowed`.
enum class LoneSurrogates : std::uint8_t { refused, allowed };

// Usage, the text being `{"a": [1, "x"]}`:
//   Scanner scanner(text);
//   StringSpan key;
//   if (scanner.enter_object()) {
//     while (scanner.next_member(key)) scanner.skip_value();   // take or skip each value
//   }
//   const bool is_valid = scanner.finish();
// A loop ends at the closing bracket or at a fault; every call after a fault returns false.
class Scanner {
 public:
  explicit Scanner(std::string_view text, LoneSurrogates lone_surrogates = LoneSurrogates::refused)
      : begin_(text.data()),
        at_(begin_),
        end_(at_ + text.size()),
        lone_surrogates_(lone_surrogates) {}

  // The kind of the next value, from its first character.
  Kind peek();

  // Enters the next object or array; if the next value is anything else, this is a fault.
  bool enter_object() { return enter('{', true); }
  bool enter_array() { return enter('[', false); }
  // Moves to the next member or element of the innermost container; false at its end, which leaves
  // it. The value must then be read, entered or skipped.
  bool next_member(StringSpan& key);
  bool next_element();

  bool read_string(StringSpan& string);
  bool read_number(std::string_view& literal);
  // Checks and skips any value and returns its text; empty on a fault.
  std::string_view skip_value();

  // True when the text was exactly one value and all of it has been read.
  bool finish();
  bool failed() const { return failed_; }
  // How many bytes have been read; after a fault, how many up to it (or to the escape, literal or
  // number that contains it).
  std::size_t position() const {
    return static_cast<std::size_t>((failed_ ? fault_ : at_) - begin_);
  }

 private:
  bool fail();
  void skip_space();
  bool enter(char bracket, bool is_object);
  bool next_item(char closing);
  bool skip_scalar();
  bool skip_literal(std::string_view literal);
  bool skip_number();
  std::size_t skip_digits();
  bool skip_escape(StringSpan& string);

  const char* begin_;
  const char* at_;
  const char* end_;
  const char* fault_ = nullptr;
  // One bit for each level, the innermost lowest.
  std::uint64_t levels_without_items_ = 0;
  std::uint64_t levels_that_are_objects_ = 0;
  std::size_t depth_ = 0;
  LoneSurrogates lone_surrogates_;
  bool failed_ = false;
};

// Appends the string's text. Lone surrogates are written as the three bytes that UTF-8 would have
// for them (WTF-8), which is not valid UTF-8: see has_lone_surrogates.
void append_unescaped(std::string& out, const StringSpan& string);

// The string's text: unchanged if it has no escapes, else written to `buffer`.
inline std::string_view unescaped(const StringSpan& string, std::string& buffer) {
  if (!string.has_escapes) return string.contents;
  buffer.clear();
  append_unescaped(buffer, string);
  return buffer;
}

// The text of a JSON string given with its quotes; nothing if `json` is anything else.
std::optional<std::string> string_value(std::string_view json);

bool is_valid(std::string_view json);

struct RawMember {
  std::string_view key;
  std::string_view value = {};  // the member's JSON text, a view into the object's; empty: missing
};

// Finds members of an object in one pass, which checks all of it. If members have the same name,
// the last counts, as in json::parse. False when `json` is not one valid object.
bool find_raw_members(std::string_view json, std::span<RawMember> members,
                      LoneSurrogates lone_surrogates = LoneSurrogates::refused);

}  // namespace fabula::json

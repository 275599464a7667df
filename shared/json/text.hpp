// JSON text without a document: appends strings and numbers to a buffer, and a writer that adds the
// commas. RFC 8259; never more than one line, so the text can be in a `data:` field.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fabula::json {

// Appends a JSON string with its quotes. Ill-formed UTF-8 becomes U+FFFD, so it is always valid.
void append_string(std::string& out, std::string_view utf8);
// Appends the contents without the quotes, for a JSON string that is joined from several texts.
void append_string_contents(std::string& out, std::string_view utf8);

void append_integer(std::string& out, std::int64_t value);
// Appends a number given in hundredths, 0 or more: "0.70" for 70. Floating point would need its
// printing code.
void append_hundredths(std::string& out, int hundredths);

// Writes values into `out`, which must outlive the writer. The caller balances begin and end, and
// writes a key before each member's value.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  Writer& begin_object() { return begin('{'); }
  Writer& end_object() { return end('}'); }
  Writer& begin_array() { return begin('['); }
  Writer& end_array() { return end(']'); }
  Writer& key(std::string_view name);
  Writer& string(std::string_view utf8);
  Writer& integer(std::int64_t value);
  Writer& boolean(bool value) { return raw(value ? "true" : "false"); }
  Writer& null() { return raw("null"); }
  // Writes a value that is JSON text already, unchanged.
  Writer& raw(std::string_view json);

 private:
  void separate();
  Writer& begin(char bracket);
  Writer& end(char bracket);

  std::string& out_;
  bool needs_comma_ = false;
};

}  // namespace fabula::json

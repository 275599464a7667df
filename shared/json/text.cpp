#include "shared/json/text.hpp"

#include <cstddef>

#include "shared/json/plain_characters.hpp"
#include "shared/text/integer.hpp"
#include "shared/text/utf8_repair.hpp"

namespace fabula::json {
namespace {

void append_escape(std::string& out, unsigned char c) {
  constexpr char kHexDigits[] = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    default:
      break;
  }
  const char escape[] = {'\\', 'u', '0', '0', kHexDigits[c >> 4], kHexDigits[c & 15]};
  out.append(escape, sizeof escape);
}

}  // namespace

void append_string_contents(std::string& out, std::string_view utf8) {
  const char* run = utf8.data();
  const char* at = run;
  const char* const end = at + utf8.size();
  const auto flush = [&] { out.append(run, static_cast<std::size_t>(at - run)); };
  while ((at = skip_plain_characters(at, end)) < end) {
    const auto c = static_cast<unsigned char>(*at);
    if (c < 0x80) {
      flush();
      append_escape(out, c);
      run = ++at;
      continue;
    }
    const auto step = text::utf8_step(at, end);
    if (!step.is_valid) {
      flush();
      out.append(text::kReplacementCharacter);
      run = at + step.bytes;
    }
    at += step.bytes;
  }
  flush();
}

void append_string(std::string& out, std::string_view utf8) {
  out.push_back('"');
  append_string_contents(out, utf8);
  out.push_back('"');
}

void append_integer(std::string& out, std::int64_t value) { text::append_integer(out, value); }

void append_hundredths(std::string& out, int hundredths) {
  append_integer(out, hundredths / 100);
  out.push_back('.');
  out.push_back(static_cast<char>('0' + hundredths / 10 % 10));
  out.push_back(static_cast<char>('0' + hundredths % 10));
}

void Writer::separate() {
  if (needs_comma_) out_.push_back(',');
  needs_comma_ = true;
}

Writer& Writer::begin(char bracket) {
  separate();
  out_.push_back(bracket);
  needs_comma_ = false;
  return *this;
}

Writer& Writer::end(char bracket) {
  out_.push_back(bracket);
  needs_comma_ = true;
  return *this;
}

Writer& Writer::key(std::string_view name) {
  separate();
  append_string(out_, name);
  out_.push_back(':');
  needs_comma_ = false;
  return *this;
}

Writer& Writer::string(std::string_view utf8) {
  separate();
  append_string(out_, utf8);
  return *this;
}

Writer& Writer::integer(std::int64_t value) {
  separate();
  append_integer(out_, value);
  return *this;
}

Writer& Writer::raw(std::string_view json) {
  separate();
  out_.append(json);
  return *this;
}

}  // namespace fabula::json

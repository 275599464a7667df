// The JSON scanner against unmodified nlohmann/json: the parser accepts every input that the
// scanner accepts, and reads the same document; it rejects every input that the scanner rejects,
// except for the differences that the scanner's header lists.
//
//   clang++-19 -std=c++20 -O1 -g -fno-exceptions -fno-rtti -fsanitize=fuzzer,address,undefined \
//     -I. tests/fuzz/json_scanner.cpp shared/*/*.cpp -o fuzz_json_scanner
#include "shared/json/scanner.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "shared/json/document.hpp"
#include "shared/json/lone_surrogates.hpp"
#include "shared/json/text.hpp"

namespace {

using namespace fabula;
using Oracle = nlohmann::json;

void require(bool condition) {
  if (!condition) std::abort();
}

Oracle parse(std::string_view text) {
  return Oracle::parse(text.begin(), text.end(), nullptr, false);
}

std::string text_of(const json::StringSpan& string) {
  std::string text;
  json::append_unescaped(text, string);
  return text;
}

Oracle read(json::Scanner& scanner) {
  json::StringSpan string;
  switch (scanner.peek()) {
    case json::Kind::object: {
      auto object = Oracle::object();
      require(scanner.enter_object());
      while (scanner.next_member(string)) {
        const auto key = text_of(string);
        object[key] = read(scanner);
      }
      return object;
    }
    case json::Kind::array: {
      auto array = Oracle::array();
      require(scanner.enter_array());
      while (scanner.next_element()) array.push_back(read(scanner));
      return array;
    }
    case json::Kind::string:
      require(scanner.read_string(string));
      return text_of(string);
    default:
      return parse(scanner.skip_value());
  }
}

// The cases in which the scanner is stricter: see its header.
bool may_be_refused(std::string_view text) {
  const bool has_power = text.find_first_of("eE") != std::string_view::npos || text.size() > 300;
  return has_power || text.find('\0') != std::string_view::npos ||
         text.substr(0, 3) == "\xEF\xBB\xBF";
}

std::size_t depth_of(const Oracle& document) {
  std::size_t deepest = 0;
  if (!document.is_structured()) return 0;
  for (const auto& item : document) deepest = std::max(deepest, depth_of(item));
  return deepest + 1;
}

void check_lone_surrogates(std::string_view text) {
  json::Scanner scanner(text, json::LoneSurrogates::allowed);
  scanner.skip_value();
  if (!scanner.finish()) return;
  const auto document = json::parse(text, json::LoneSurrogates::allowed);
  require(document && json::is_valid(json::dump(*document)));
  require(json::is_valid(json::replace_lone_surrogates(text)));
}

void check_writer(std::string_view text) {
  std::string written;
  json::append_string(written, text);
  require(parse(written).is_string());
  require(json::is_valid(written));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_lone_surrogates(text);
  check_writer(text);
  const auto document = parse(text);
  if (!json::is_valid(text)) {
    const bool is_refused = document.is_discarded() || may_be_refused(text) ||
                            depth_of(document) > json::kMaximumNesting;
    require(is_refused);
    return 0;
  }
  require(!document.is_discarded());
  json::Scanner scanner(text);
  require(read(scanner) == document);
  require(scanner.finish());
  return 0;
}

// The Gemini decoder on any bytes: as one response, it reads what the full parser reads; as a body
// of events or of JSON, every cut gives the same answer; as a call in pieces, the joined pieces are
// JSON.
//
//   clang++-19 -std=c++20 -O1 -g -fno-exceptions -fno-rtti -fsanitize=fuzzer,address,undefined \
//     -I. tests/fuzz/gemini_stream.cpp shared/*/*.cpp -o fuzz_gemini_stream
#include "shared/llm/stream/gemini_stream.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/json/scanner.hpp"
#include "shared/json/text.hpp"
#include "tests/unit/gemini_decoding.hpp"
#include "tests/unit/gemini_oracle.hpp"

namespace {

using namespace fabula;

void check_body(std::string_view body, std::size_t piece_bytes) {
  const auto whole = tests::decode_gemini(body);
  tests::require(tests::is_same(whole, tests::decode_gemini(body, piece_bytes)), "the same");
  for (const auto& call : whole.calls) {
    const bool is_valid = call.arguments.empty() || json::is_valid(call.arguments);
    tests::require(is_valid, "arguments are JSON");
  }
}

// A call in two pieces with a path, a value and JSON of the fuzzer's.
std::string call_in_pieces(std::string_view bytes) {
  const auto middle = bytes.size() / 2;
  std::string path;
  json::append_string(path, "$." + std::string(bytes.substr(0, middle)));
  std::string value;
  json::append_string(value, bytes.substr(middle));
  return R"([{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","partialArgs":[)"
         R"({"jsonPath":"$.a.b[1]","numberValue":1},{"jsonPath":)" +
         path + R"(,"stringValue":)" + value + R"(}],"willContinue":true}},{"functionCall":)" +
         std::string(bytes) + R"(}]},"finishReason":"STOP"}]}])";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t piece_bytes = 1 + data[0] % 32U;
  tests::check_against_oracle(bytes);
  check_body(bytes, piece_bytes);
  check_body("data: " + std::string(bytes) + "\r\n\r\n", piece_bytes);
  check_body("[" + std::string(bytes) + "]", piece_bytes);
  check_body(call_in_pieces(bytes), piece_bytes);
  return 0;
}

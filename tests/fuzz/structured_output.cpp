// Structured output on any text: the result is JSON and follows the schema; for a text that is
// JSON, alone or in prose, it equals the full parser's; for a text cut anywhere it is a part of
// that.
#include "shared/llm/answer/structured_output.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "shared/json/lone_surrogates.hpp"
#include "shared/json/text.hpp"
#include "shared/llm/answer/json_in_text.hpp"
#include "shared/llm/answer/schema_check.hpp"

namespace {

using namespace fabula;
using Oracle = nlohmann::json;

constexpr std::string_view kAnyObject = R"({"type":"object"})";
constexpr std::string_view kAnyArray = R"({"type":"array"})";
constexpr std::string_view kBook = R"({"type":"object","properties":{"a":{"type":"string"},
  "b":{"type":"array","items":{"type":"object","properties":{"c":{"type":"integer"}},
  "required":["c"]}},"d":{"enum":["e",1]}},"required":["a"]})";

void require(bool condition) {
  if (!condition) std::abort();
}

void check_finder(std::string_view text, char bracket) {
  llm::JsonFinder finder(text, bracket);
  std::size_t bytes = 0;
  bool is_over = false;
  while (const auto found = finder.next()) {
    require(!is_over && found->text.front() == bracket);
    require(json::is_valid(json::replace_lone_surrogates(found->text)));
    bytes += found->text.size();
    is_over = found->is_truncated;
    require(is_over || (bytes <= text.size() && text.find(found->text) != std::string_view::npos));
  }
}

void check_schema(std::string_view reply, std::string_view schema) {
  const auto output = llm::read_structured_output(reply, schema);
  if (!output) {
    require(output.error().code == ErrorCode::provider_malformed && !output.error().errors.empty());
    require(json::is_valid(Oracle(llm::correction_request(output.error())).dump()));
    return;
  }
  const auto wanted = json::parse(schema);
  const auto extent = output->is_truncated ? llm::Extent::part : llm::Extent::whole;
  require(llm::check_schema(output->document, *wanted, extent).empty());
  require(json::is_valid(json::dump(output->document)));
}

// The missing part was at the end.
bool is_part_of(const Oracle& whole, const Oracle& part) {
  if (whole.is_array() && part.is_array()) {
    return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
  }
  if (!whole.is_object() || !part.is_object()) return whole == part;
  return std::all_of(part.items().begin(), part.items().end(), [&](const auto& member) {
    const auto same = whole.find(member.key());
    return same != whole.end() && is_part_of(*same, member.value());
  });
}

std::size_t members_in(const Oracle& document) {
  if (!document.is_structured()) return 0;
  std::size_t count = document.is_object() ? document.size() : 0;
  for (const auto& item : document) count += members_in(item);
  return count;
}

void check_object(std::string_view text, std::size_t cut) {
  if (!json::is_valid(text) || text.find("</think>") != std::string_view::npos) return;
  std::size_t keys = 0;
  const auto count = [&keys](int, Oracle::parse_event_t event, Oracle&) {
    keys += event == Oracle::parse_event_t::key ? 1 : 0;
    return true;
  };
  const auto whole = Oracle::parse(text.begin(), text.end(), count, false);
  if (!whole.is_object()) return;
  for (const auto& reply : {std::string(text), "It is:\n```json\n" + std::string(text) + "\n```",
                            "<think>{\"a\":1}</think>" + std::string(text)}) {
    const auto output = llm::read_structured_output(reply, kAnyObject);
    require(output && !output->is_truncated && output->document == whole);
  }
  const auto begin = text.find('{');
  const auto size = text.rfind('}') - begin;
  const auto output = llm::read_structured_output(
      text.substr(begin, 1 + cut % std::max<std::size_t>(size, 1)), kAnyObject);
  if (size == 1 && !output) return;
  require(output && output->is_truncated);
  // A member that comes twice has its first value where the second is cut off.
  if (keys == members_in(whole)) require(is_part_of(whole, output->document));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t cut = data[0] | static_cast<std::size_t>(data[1]) << 8U;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  check_finder(text, '{');
  check_finder(text, '[');
  for (const auto schema : {kAnyObject, kAnyArray, kBook}) check_schema(text, schema);
  check_object(text, cut);
  return 0;
}

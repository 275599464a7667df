#include "commands/decode/arguments.hpp"

#include <cstdint>
#include <optional>

#include "shared/text/integer.hpp"

namespace fabula::decode {
namespace {

constexpr std::uint64_t kMaximumChunkBytes = std::uint64_t{1} << 30;

struct Option {
  std::string_view name;
  std::optional<std::string_view> value;
};

// Removes `--name value` or `--name=value` from the front.
Option take_option(std::span<const std::string_view>& words) {
  const auto word = words.front();
  words = words.subspan(1);
  const auto equals = word.find('=');
  if (equals != std::string_view::npos) return {word.substr(0, equals), word.substr(equals + 1)};
  if (words.empty()) return {word, std::nullopt};
  const auto value = words.front();
  words = words.subspan(1);
  return {word, value};
}

}  // namespace

Arguments read_arguments(std::span<const std::string_view> words) {
  Arguments arguments;
  bool has_format = false;
  while (!words.empty()) {
    if (words.front() == "--help" || words.front() == "-h") {
      arguments.wants_help = true;
      return arguments;
    }
    const auto [name, value] = take_option(words);
    if (name == "--format") {
      const auto format = llm::wire_format_named(value.value_or(""));
      if (!format) {
        arguments.fault = "--format takes openai, anthropic or gemini.";
        return arguments;
      }
      arguments.format = *format;
      has_format = true;
    } else if (name == "--chunk") {
      const auto bytes = text::parse_natural(value.value_or("")).value_or(0);
      if (bytes == 0 || bytes > kMaximumChunkBytes) {
        arguments.fault = "--chunk takes a number of bytes from 1 to 1073741824.";
        return arguments;
      }
      arguments.chunk_bytes = static_cast<std::size_t>(bytes);
    } else {
      arguments.fault = "There are only the options --format, --chunk and --help.";
      return arguments;
    }
  }
  if (!has_format) arguments.fault = "--format is missing: say openai, anthropic or gemini.";
  return arguments;
}

}  // namespace fabula::decode

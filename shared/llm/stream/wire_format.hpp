// The three ways in which providers frame a model's streamed answer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace fabula::llm {

enum class WireFormat : std::uint8_t {
  openai,     // chat completions, and everything that copies them
  anthropic,  // messages
  gemini,     // streamGenerateContent?alt=sse
};

inline constexpr std::array<std::string_view, 3> kWireFormatNames = {"openai", "anthropic",
                                                                     "gemini"};

constexpr std::string_view name(WireFormat format) {
  return kWireFormatNames[static_cast<std::size_t>(format)];
}

constexpr std::optional<WireFormat> wire_format_named(std::string_view word) {
  for (std::size_t i = 0; i < kWireFormatNames.size(); ++i) {
    if (kWireFormatNames[i] == word) return static_cast<WireFormat>(i);
  }
  return std::nullopt;
}

}  // namespace fabula::llm

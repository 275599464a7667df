// The body of `POST /chat`, checked.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "shared/json/document.hpp"
#include "shared/result/result.hpp"

namespace fabula::chat {

// A long chapter pasted at once, well within every provider's context.
inline constexpr std::size_t kMaximumTextBytes = 200'000;
// The longest text, with room for its escapes and the other fields.
inline constexpr std::size_t kMaximumBodyBytes = std::size_t{256} * 1024;

// How the reply's stream is framed.
enum class Protocol : std::uint8_t { fabula };

struct ChatRequest {
  std::string text;
  // Ids in lower case.
  std::optional<std::string> session_id;
  std::optional<std::string> project_id;
  std::optional<std::string> user_id;  // proves nothing: it must name the caller
  Protocol protocol = Protocol::fabula;
};

// Unknown fields are ignored, null is the same as absent. All faults are reported at once, with
// their paths: invalid_request, or invalid_id when nothing but the spelling of ids is wrong.
Result<ChatRequest> parse_request(const json::Document& body);

}  // namespace fabula::chat

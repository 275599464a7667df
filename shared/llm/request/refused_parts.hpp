// Parts of a request that the protocol allows and some servers refuse. The request is repeated once
// without them, and the result is remembered for the server and its model.
#pragma once

#include <cstdint>

#include "shared/result/result.hpp"

namespace fabula::llm {

enum class RequestPart : std::uint8_t {
  stream_options,     // left out; usage may then not be reported
  system_role,        // its text begins the user's first message
  token_limit_field,  // max_tokens instead of max_completion_tokens, or vice versa
  token_limit,        // left out
  response_format,    // left out; the prompt describes the form of the answer
  temperature,        // left out
  tools,              // left out
  thinking,           // its budget is left out
  streaming,          // the answer arrives whole, and is read like a stream
  first_address,      // the other form of the address is used, with the version or without it
};

class RefusedParts {
 public:
  RefusedParts() = default;
  explicit RefusedParts(std::uint32_t bits) : bits_(bits) {}

  bool has(RequestPart part) const { return (bits_ >> static_cast<unsigned>(part) & 1U) != 0; }
  void add(RequestPart part) { bits_ |= 1U << static_cast<unsigned>(part); }
  void remove(RequestPart part) { bits_ &= ~(1U << static_cast<unsigned>(part)); }
  std::uint32_t bits() const { return bits_; }

  bool operator==(const RefusedParts&) const = default;

 private:
  std::uint32_t bits_ = 0;
};

// `known`, plus the parts that the provider's message in `problem` complains about. If the result
// equals `known`, the same request would be refused again.
RefusedParts with_complaints(RefusedParts known, const Problem& problem);

}  // namespace fabula::llm

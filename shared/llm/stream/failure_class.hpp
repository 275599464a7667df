// The classes of providers' failures: each has a sentence for the reader and a code that says
// whether the same request may succeed later.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "shared/json/document.hpp"
#include "shared/result/error_code.hpp"

namespace fabula::llm {

enum class FailureClass : std::uint8_t {
  no_credit,         // the account must be topped up; waiting does not help
  wrong_key,         // the key is invalid, or not allowed to do this
  unknown_model,     // or no API at the address
  context_too_long,  // the only class where a shorter text helps
  content_refused,   // by the provider's rules about content
  overloaded,        // the provider's own servers are busy
  rate_limited,      // this account must wait
  refused,           // for another reason; the same request would be refused again
  failed,            // for another reason; it may pass
};

ErrorCode code_of(FailureClass failure);
std::string_view detail_of(FailureClass failure);

// `status`: the HTTP status, or the one in the error object. `error`: the error object, or its
// replacement; null when there is none. `message`: its text (message_in).
FailureClass classify_failure(std::optional<int> status, const json::Document& error,
                              std::string_view message);

}  // namespace fabula::llm

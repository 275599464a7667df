// The classes of providers' failures: each has a sentence for its reader and a code that says
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
  wrong_key,         // the key is not valid, or may not do this
  unknown_model,     // or an address where nothing is
  context_too_long,  // the only one where a shorter text helps
  content_refused,   // by the provider's rules about content
  overloaded,        // the provider's own servers are busy
  rate_limited,      // this account must wait
  refused,           // for any other reason; the same request would be refused again
  failed,            // for any other reason; it may pass
};

ErrorCode code_of(FailureClass failure);
std::string_view detail_of(FailureClass failure);

// `status`: the HTTP status, or the one that the error object names. `error`: the error object, or
// what stands for it; null when there is none. `message`: its words (message_in).
FailureClass classify_failure(std::optional<int> status, const json::Document& error,
                              std::string_view message);

}  // namespace fabula::llm

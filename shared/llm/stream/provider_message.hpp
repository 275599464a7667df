// A provider's own message about a failure. It helps the server's operator, but may quote prompts,
// replies and keys: only the result of message_for_log() may be logged, and clients never see any
// of it.
#pragma once

#include <string>
#include <string_view>

#include "shared/json/document.hpp"

namespace fabula::llm {

// The text in a provider's error object, and the names of the fields that it complains about; ""
// when it has none. At most a few hundred bytes.
std::string message_in(const json::Document& error);

// `message` without anything that looks like a key, and without quotations of the request.
// `request_body` is the JSON text that was sent, `key` the key that was sent with it ("": none).
// Valid UTF-8, on one line.
std::string message_for_log(std::string_view message, std::string_view request_body,
                            std::string_view key = {});

}  // namespace fabula::llm

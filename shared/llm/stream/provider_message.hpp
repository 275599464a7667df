// A provider's own words about a failure. They help whoever runs the server, and may quote prompts,
// replies and keys: nothing of them may be logged before message_for_log() has cut those out, and
// nothing of them is ever told to clients.
#pragma once

#include <string>
#include <string_view>

#include "shared/json/document.hpp"

namespace fabula::llm {

// The words in a provider's error object, and the names of the fields that it complains about; ""
// when it has none. At most a few hundred bytes.
std::string message_in(const json::Document& error);

// `message` without what looks like a key, and without what it quotes of the request.
// `request_body` is the JSON text that was sent, `key` the key that was sent with it; "": none.
// Valid UTF-8, on one line.
std::string message_for_log(std::string_view message, std::string_view request_body,
                            std::string_view key = {});

}  // namespace fabula::llm

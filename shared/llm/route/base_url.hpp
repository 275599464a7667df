// The base URL of a provider's API, given in any form that its SDK and its documentation use.
#pragma once

#include <string>
#include <string_view>

#include "shared/llm/route/providers.hpp"

namespace fabula::llm {

// The part of `address` to which a request's path is appended, without a slash at its end.
// `address` is a URL without a query:
// - a request's own address (`.../v1/chat/completions`, `.../v1/messages`) is cut back to its base;
// - a path that is only the beginning of the provider's own path (`https://api.anthropic.com`,
//   `https://openrouter.ai/api`) is completed;
// - Anthropic's and Google's SDKs append the version of the API to any path, so it is appended
//   here too, unless the path ends with one.
std::string base_url_of(const Provider& provider, std::string_view address);

// A second possible address of the API, if nothing is at base_url_of(): SDKs for OpenAI's protocol
// use an address as written, and people write it with or without the version. "": none.
std::string other_base_url_of(const Provider& provider, std::string_view address);

// The provider whose protocol the server at `address` speaks, as far as the path shows: some
// providers serve several. nullptr: the path does not show it.
const Provider* provider_by_path(std::string_view address);

}  // namespace fabula::llm

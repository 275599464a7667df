// What a user's message has attached: found where it lies, and made what a model takes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/json/document.hpp"
#include "shared/llm/request/attachment.hpp"
#include "shared/result/result.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/identity.hpp"
#include "wasm/engine/model_route.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

using Attachments = std::vector<llm::Attachment>;

// More than enough text for any model's window; what does not fit the budget is cut.
inline constexpr std::size_t kMaximumFetchedTextBytes = 256 * 1024;
// Of all images of a message that are fetched. In base64 it is 5 MiB, which is all that Anthropic
// takes; and an instance of 32 MB holds the bytes, their base64 and the request made of it.
inline constexpr std::size_t kMaximumFetchedImageBytes = 3'932'160;

// Makes of `list`, an array of {type, url | path | text, name?, mime_type?}, what the models of the
// route can be sent; `endpoints` keeps those that take it. Texts longer than `text_tokens` together
// are cut, with a note. `setting` is the route's name, to be told.
//
// An image at a URL goes to the model as that URL when its provider fetches it itself. Everything
// else is fetched here, from nowhere but this Supabase's own Storage and hosts that are listed in
// FABULA_UPSTREAM_HOSTS (`example.com,cdn.example.org`), by https; in development from loopback
// too. `path` is bucket/path in Storage, read with the caller's own token.
//
// Refusals: invalid_request, with a path such as `attachments[0].url`; forbidden when a guest, whom
// Storage does not know, names a path.
runtime::Task<Result<Attachments>> load_attachments(Call& call, const Caller& caller,
                                                    const json::Document& list,
                                                    Endpoints& endpoints, std::string_view setting,
                                                    std::int64_t text_tokens);

// What is kept of them with the message, as a JSON array: what `list` says, and the tokens that
// each takes of the prompt.
std::string describe_attachments(const json::Document& list, const Attachments& attachments);

}  // namespace fabula::engine

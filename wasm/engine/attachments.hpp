// Fetches the attachments of a user's message and puts them into a form that models accept.
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

// The limit of a fetched file, and of a message's text together with its attached texts. This is
// more text than any model's context window holds; text beyond the token budget is cut.
inline constexpr std::size_t kMaximumFetchedTextBytes = 256 * 1024;
// The sum of a message's fetched images. In base64 it is 5 MiB, Anthropic's limit; and an instance
// of 32 MB has to hold the bytes, their base64 and the request that contains it.
inline constexpr std::size_t kMaximumFetchedImageBytes = 3'932'160;

// Turns `list`, an array of {type, url | path | text, name?, mime_type?}, into parts for the models
// of the route, and removes from `endpoints` those that cannot take them. `setting` is the route's
// name, for error messages.
//
// An image at a URL goes to the model as that URL if its provider fetches images itself. Everything
// else is fetched here, only from this Supabase's own Storage and from hosts listed in
// FABULA_ATTACHMENT_HOSTS (`files.example.com,cdn.example:8443`; shared/http/host_list.hpp), over
// https; in development from loopback too. `path` is bucket/path in Storage, read with the caller's
// own token.
//
// The bytes decide a file's type: a text is UTF-8 or UTF-16 with some content; an image begins with
// its format's signature. Otherwise the type given by server or caller counts.
//
// Refusals: invalid_request, with a path such as `attachments[0].url`; forbidden when a guest, who
// is unknown to Storage, names a path.
//
// Fetches for anybody who calls, so a turn that has not begun must be admitted before (must_fetch).
runtime::Task<Result<Attachments>> load_attachments(Call& call, const Caller& caller,
                                                    const json::Document& list,
                                                    Endpoints& endpoints, std::string_view setting);

// Whether load_attachments would fetch anything for these models. Refuses, as load_attachments
// does, entries that it would refuse without a request.
Result<bool> must_fetch(Call& call, const Caller& caller, const json::Document& list,
                        const Endpoints& endpoints);

// The JSON array that is stored with the message: the entries of `list`, each with its prompt
// tokens and with the fetched text as `text_read`, which later turns include and the dossier reads.
// `attachments` are whole; the prompt has text_tokens for them.
std::string describe_attachments(const json::Document& list, const Attachments& attachments,
                                 std::int64_t text_tokens);

// Cuts texts that are longer than `text_tokens` together to their beginnings and ends, with a note
// about the missing part; the longest ones first.
void fit_texts(Attachments& attachments, std::int64_t text_tokens);

// Refuses (invalid_request) texts in the list that are too long, together with the message's own.
Result<void> check_attached_texts(const json::Document& list, std::size_t text_bytes);

// The text of a message with nothing but attachments: their names.
std::string names_of_attachments(const json::Document& list);

}  // namespace fabula::engine

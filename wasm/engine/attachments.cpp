#include "wasm/engine/attachments.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "shared/http/head.hpp"
#include "shared/http/host_list.hpp"
#include "shared/http/media_type.hpp"
#include "shared/http/percent_encoding.hpp"
#include "shared/http/url.hpp"
#include "shared/json/text.hpp"
#include "shared/llm/answer/image.hpp"
#include "shared/settings/table.hpp"
#include "shared/text/base64url.hpp"
#include "shared/text/blank.hpp"
#include "shared/text/cut.hpp"
#include "shared/text/decode.hpp"
#include "shared/text/integer.hpp"
#include "shared/text/split.hpp"
#include "shared/text/utf8.hpp"
#include "shared/usage/token_estimate.hpp"
#include "wasm/engine/fetch.hpp"

namespace fabula::engine {
namespace {

using llm::Attachment;
using runtime::Task;

constexpr std::string_view kStorage = "/storage/v1/";
constexpr std::array<std::string_view, 3> kSources = {"url", "path", "text"};
// Images cost about as much with every provider.
constexpr std::int64_t kImageTokens = 1000;
// The limit of fetched texts that are stored for later turns: together with texts in the request
// itself, and escaped, they must fit into a message's metadata in the database.
constexpr std::size_t kKeptTextBytes = 160'000;

// One entry of the list.
struct Item {
  std::size_t index;
  bool is_image;
  std::string_view source;  // which of kSources the entry has
  std::string_view where;   // its value
  std::string_view media_type;
};

tl::unexpected<Problem> refused(const Item& item, std::string message,
                                ErrorCode code = ErrorCode::invalid_request) {
  auto refusal = problem(code, "An attachment cannot be used. " + message);
  auto path = "attachments[" + text::integer_text(static_cast<std::int64_t>(item.index)) + "]";
  if (!item.source.empty()) path.append(".").append(item.source);
  refusal.value().errors.push_back({std::move(path), std::move(message)});
  return refusal;
}

Result<Item> read_item(const json::Document& document, std::size_t index) {
  Item item{index, json::string_at(document, "type") == "image", {}, {}, {}};
  int count = 0;
  for (const auto source : kSources) {
    const auto value = json::string_at(document, source);
    if (!value) continue;
    item.source = source;
    item.where = *value;
    ++count;
  }
  item.media_type = json::string_at(document, "mime_type").value_or("");
  if (count == 1 && (!item.is_image || item.source != "text")) return item;
  item.source = {};
  return refused(item, item.is_image ? "Name the image by one of url and path."
                                     : "Name the text by one of url, path and text.");
}

// On this server's own Supabase only files may be read.
bool may_be_fetched(Call& call, const http::Url& url) {
  const auto& settings = call.settings();
  const auto own = http::parse_url(settings.supabase_url);
  if (own && own->scheme == url.scheme && own->host == url.host && own->port == url.port) {
    return url.path.starts_with(kStorage);
  }
  if (http::is_loopback(url.host)) return settings.is_development;
  const auto hosts = call.setting_values().text(settings::named("FABULA_ATTACHMENT_HOSTS"));
  return url.scheme == "https" && !http::is_ip_literal(url.host) &&
         http::is_listed_host(url, hosts, settings.is_development);
}

// The head of the request that fetches the item.
Result<std::string> request_of(Call& call, const Caller& caller, const Item& item) {
  http::RequestHead head{"GET", std::string(item.where), {}};
  if (item.source == "path") {
    using Kind = auth::Principal::Kind;
    const auto kind = caller.principal.kind;
    if (kind == Kind::guest || kind == Kind::new_guest) {
      return refused(item,
                     "Paths are read with the rights of a signed-in user, which guests have not. "
                     "Sign in, or send a signed URL of it as url.",
                     ErrorCode::forbidden);
    }
    const auto& settings = call.settings();
    head.url = settings.supabase_url + std::string(kStorage) + "object";
    text::Splitter parts(item.where, '/');
    int depth = 0;
    while (const auto part = parts.next()) {
      if (part->empty()) depth = -1;
      if (depth < 0) break;
      head.url += '/' + http::percent_encode(*part);
      ++depth;
    }
    if (depth < 2) return refused(item, "Write it as bucket/path.");
    head.headers.add("authorization",
                     std::string(call.head().headers.find("authorization").value_or("")));
    if (!settings.publishable_keys.empty()) {
      head.headers.add("apikey", settings.publishable_keys.front());
    }
  }
  const auto url = http::parse_url(head.url);
  if (!url) return refused(item, std::move(url.error().detail));
  if (!may_be_fetched(call, *url)) {
    return refused(item,
                   "Files are fetched by https from the Storage of this server and from the hosts "
                   "in its FABULA_ATTACHMENT_HOSTS alone. Put it there" +
                       std::string(item.is_image ? "." : ", or send it as text."));
  }
  return http::serialize(head);
}

// In lower case, without parameters; empty when the answer has no Content-Type.
std::string media_type_of(const std::string& head) {
  const auto parsed = http::parse_response_head(head);
  if (!parsed) return {};
  auto type = http::parse_media_type(parsed->headers.find("content-type").value_or(""));
  return type ? std::move(type->type) : std::string();
}

// Documents whose bytes may look like text but are not.
bool is_document(std::string_view bytes) {
  return bytes.starts_with("%PDF-") || bytes.starts_with("{\\rtf");
}

// The bytes' own type takes precedence over the server's Content-Type, and this over the caller's
// mime_type.
std::string image_type(const Item& item, const std::string& told, std::string_view bytes) {
  if (const auto found = llm::image_media_type(bytes); !found.empty()) return std::string(found);
  if (bytes.starts_with("GIF87a") || bytes.starts_with("GIF89a")) return "image/gif";
  if (!told.empty() && told != "application/octet-stream") return told;
  return std::string(llm::image_media_type({.kind = Attachment::Kind::image_url,
                                            .content = std::string(item.where),
                                            .media_type = std::string(item.media_type)}));
}

Task<Result<void>> fetch_into(Call& call, const Caller& caller, const Item& item,
                              std::size_t limit_bytes, Attachment& attachment) {
  const std::string head = co_await request_of(call, caller, item);
  std::string answer_head;
  auto fetched = co_await fetch(call.context(), {.head = head,
                                                 .limit_bytes = limit_bytes,
                                                 .deadlines = deadlines::kAttachment,
                                                 .answer_head = &answer_head});
  if (!fetched) {
    co_return fetched.error() == FetchFault::too_large
        ? refused(item, item.is_image
                            ? "The images of a message may have 3,932,160 bytes together. Send a "
                              "smaller one."
                            : "A text may have 262,144 bytes. Send a part of it.")
        : refused(item, "It cannot be reached now. Try again, or leave it out.");
  }
  if (fetched->status != 200) {
    co_return refused(
        item,
        "Its server answers with the status " + text::integer_text(fetched->status) +
            (fetched->status < 400 ? ", and redirects are not followed. Name the final address."
                                   : ". Check that it is there and that you may read it."));
  }
  const std::string media_type = media_type_of(answer_head);
  if (item.is_image) {
    attachment.media_type = image_type(item, media_type, fetched->body);
    if (!attachment.media_type.starts_with("image/") || fetched->body.empty()) {
      co_return refused(item, "It is no image.");
    }
    attachment.kind = Attachment::Kind::image_base64;
    attachment.content = text::encode_base64(fetched->body);
  } else {
    const bool is_other = is_document(fetched->body) || media_type.starts_with("image/") ||
                          media_type.starts_with("audio/") || media_type.starts_with("video/") ||
                          media_type == "application/pdf";
    auto text = is_other ? std::nullopt : text::decode_text(std::move(fetched->body));
    if (!text) {
      co_return refused(item, "It is no text in UTF-8 or UTF-16. Save it as a text in UTF-8.");
    }
    if (text::is_blank(*text)) {
      co_return refused(item, "It is empty. Send a text that says something, or leave it out.");
    }
    attachment.content = *std::move(text);
  }
  co_return {};
}

std::int64_t tokens_of(const Attachment& attachment, std::size_t most_bytes) {
  if (attachment.kind != Attachment::Kind::text) return kImageTokens;
  const auto bytes = std::min(attachment.content.size(), most_bytes) + attachment.name.size();
  return usage::estimate_tokens(bytes);
}

// The maximum bytes of each text: short texts stay whole, and the others share the rest equally.
std::size_t share_bytes(const Attachments& attachments, std::int64_t text_tokens) {
  std::vector<std::size_t> sizes;
  for (const auto& attachment : attachments) {
    if (attachment.kind == Attachment::Kind::text) sizes.push_back(attachment.content.size());
  }
  std::sort(sizes.begin(), sizes.end());
  auto left_bytes =
      static_cast<std::size_t>(std::max<std::int64_t>(text_tokens, 0)) * usage::kBytesPerToken;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const auto share = left_bytes / (sizes.size() - i);
    if (sizes[i] > share) return share;
    left_bytes -= sizes[i];
  }
  return std::numeric_limits<std::size_t>::max();
}

// The first of the models that sees images; nullptr when none does.
const llm::Endpoint* seeing_model(const Endpoints& endpoints) {
  const auto seeing = std::find_if(endpoints.begin(), endpoints.end(),
                                   [](const llm::Endpoint& model) { return model.takes_images; });
  return seeing == endpoints.end() ? nullptr : &*seeing;
}

// An image that no model can see is not fetched: keep_models refuses it.
bool must_fetch(const Item& item, const llm::Endpoint* seeing) {
  if (!item.is_image) return item.source != "text";
  return seeing && !(item.source == "url" && llm::is_fetched_by_provider(*seeing, item.where));
}

// Keeps the models that take all attachments; when none does, returns the first one's refusal.
Result<void> keep_models(Endpoints& endpoints, const Attachments& attachments,
                         std::string_view setting) {
  auto first = llm::check_attachments(endpoints.front(), attachments, setting);
  Endpoints taking;
  for (auto& model : endpoints) {
    if (llm::check_attachments(model, attachments, setting)) taking.push_back(std::move(model));
  }
  if (taking.empty()) return first;
  endpoints = std::move(taking);
  return {};
}

}  // namespace

Task<Result<Attachments>> load_attachments(Call& call, const Caller& caller,
                                           const json::Document& list, Endpoints& endpoints,
                                           std::string_view setting) {
  Attachments attachments(list.size());
  const auto* seeing = seeing_model(endpoints);
  std::size_t image_bytes_left = kMaximumFetchedImageBytes;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Item item = co_await read_item(list[i], i);
    auto& attachment = attachments[i];
    attachment.name = json::string_at(list[i], "name").value_or("");
    if (item.is_image) attachment.kind = Attachment::Kind::image_url;
    attachment.content = item.where;
    attachment.media_type = item.media_type;
    if (!must_fetch(item, seeing)) continue;
    co_await fetch_into(call, caller, item,
                        item.is_image ? image_bytes_left : kMaximumFetchedTextBytes, attachment);
    if (item.is_image) image_bytes_left -= attachment.content.size() / 4 * 3 - 2;
  }
  co_await keep_models(endpoints, attachments, setting);
  co_return std::move(attachments);
}

Result<bool> must_fetch(Call& call, const Caller& caller, const json::Document& list,
                        const Endpoints& endpoints) {
  const auto* seeing = seeing_model(endpoints);
  bool fetches = false;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto item = read_item(list[i], i);
    if (!item) return tl::unexpected(item.error());
    if (!must_fetch(*item, seeing)) continue;
    if (auto head = request_of(call, caller, *item); !head) {
      return tl::unexpected(std::move(head.error()));
    }
    fetches = true;
  }
  return fetches;
}

void fit_texts(Attachments& attachments, std::int64_t text_tokens) {
  const auto most_bytes = share_bytes(attachments, text_tokens);
  for (auto& attachment : attachments) {
    if (attachment.kind != Attachment::Kind::text) continue;
    if (attachment.content.size() <= most_bytes) continue;
    attachment.content = text::cut_text(attachment.content, most_bytes);
  }
}

Result<void> check_attached_texts(const json::Document& list, std::size_t text_bytes) {
  auto bytes = text_bytes;
  for (std::size_t i = 0; i < list.size(); ++i) {
    bytes += json::string_at(list[i], "text").value_or("").size();
    if (bytes <= kMaximumFetchedTextBytes) continue;
    return refused({i, false, "text", {}, {}},
                   "A message's text and the texts attached to it may have 262,144 bytes of UTF-8 "
                   "together. Send a part of it.");
  }
  return {};
}

std::string names_of_attachments(const json::Document& list) {
  constexpr std::size_t kMaximumNameBytes = 200;
  std::string names;
  for (const auto& entry : list) {
    std::string_view name = json::string_at(entry, "name").value_or("");
    if (text::is_blank(name)) {
      name = json::string_at(entry, "path").value_or(json::string_at(entry, "url").value_or(""));
      name = name.substr(0, name.find_first_of("?#"));
      name = name.substr(name.rfind('/') + 1);
    }
    if (text::is_blank(name)) name = json::string_at(entry, "type").value_or("text");
    if (!names.empty()) names += ", ";
    names += text::prefix_bytes(name, kMaximumNameBytes);
  }
  return names;
}

std::string describe_attachments(const json::Document& list, const Attachments& attachments,
                                 std::int64_t text_tokens) {
  constexpr std::array<std::string_view, 6> kKept = {"type", "url",  "path",
                                                     "text", "name", "mime_type"};
  std::string described;
  std::size_t given_bytes = 0;
  for (const auto& item : list) given_bytes += json::string_at(item, "text").value_or("").size();
  std::size_t left_bytes = given_bytes > kKeptTextBytes ? 0 : kKeptTextBytes;
  const auto most_bytes = share_bytes(attachments, text_tokens);
  json::Writer writer(described);
  writer.begin_array();
  for (std::size_t i = 0; i < list.size(); ++i) {
    writer.begin_object();
    for (const auto key : kKept) {
      if (const auto value = json::string_at(list[i], key)) writer.key(key).string(*value);
    }
    const auto& attachment = attachments[i];
    if (attachment.kind == Attachment::Kind::text && !json::string_at(list[i], "text")) {
      if (left_bytes > text::kCutNoteBytes) {
        const auto kept = text::cut_text(attachment.content, left_bytes);
        left_bytes -= kept.size();
        if (!kept.empty()) writer.key("text_read").string(kept);
      }
    }
    if (attachment.kind == Attachment::Kind::text && attachment.content.size() > most_bytes) {
      writer.key("cut").begin_object();
      writer.key("bytes").integer(static_cast<std::int64_t>(attachment.content.size()));
      const auto sent_bytes = text::cut_text(attachment.content, most_bytes).size();
      writer.key("sent_bytes").integer(static_cast<std::int64_t>(sent_bytes)).end_object();
    }
    writer.key("tokens").integer(tokens_of(attachment, most_bytes)).end_object();
  }
  writer.end_array();
  return described;
}

}  // namespace fabula::engine

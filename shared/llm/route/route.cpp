#include "shared/llm/route/route.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include "shared/http/percent_encoding.hpp"
#include "shared/http/url.hpp"
#include "shared/llm/route/base_url.hpp"
#include "shared/llm/route/model_abilities.hpp"
#include "shared/settings/table.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/split.hpp"

namespace fabula::llm {
namespace {

constexpr std::string_view kForm = "Write it as provider:model,provider:model.";

std::string known_names() {
  std::string names;
  for (const auto& provider : kProviders) {
    if (!names.empty()) names += ", ";
    names += provider.name;
  }
  return names;
}

tl::unexpected<Problem> no_provider(std::initializer_list<std::string_view> detail) {
  std::string text;
  for (const auto part : detail) text += part;
  return problem(ErrorCode::no_provider, text);
}

Result<RouteEntry> parse_entry(std::string_view entry, std::string_view setting) {
  const auto colon = entry.find(':');
  if (colon == std::string_view::npos) {
    return no_provider({"`", setting, "` has an entry without a colon, `", entry, "`. ", kForm});
  }
  const auto name = text::trim(entry.substr(0, colon));
  const auto model = text::trim(entry.substr(colon + 1));
  const auto* provider = find_provider(name);
  if (!provider) {
    return no_provider({"`", setting, "` names an unknown provider, `", name,
                        "`. Known are: ", known_names(), "."});
  }
  if (model.empty()) {
    return no_provider({"`", setting, "` names no model of `", name, "`. ", kForm});
  }
  return RouteEntry{provider, std::string(model)};
}

// Secrets that were pasted or read from files often end with a line break.
std::string trimmed(std::string_view value) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto begin = value.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return std::string(value.substr(begin, value.find_last_not_of(kBlanks) - begin + 1));
}

// "" when it is not set.
std::string setting_of(const Settings& settings, std::string_view name) {
  return trimmed(settings.find(name).value_or(""));
}

bool is_visible_ascii(std::string_view text) {
  for (const char c : text) {
    if (c < '!' || c > '~') return false;
  }
  return true;
}

Result<std::string> base_url(const Provider& provider, const Settings& settings,
                             bool is_development) {
  std::string base = setting_of(settings, provider.base_url_setting);
  if (base.empty()) base = provider.default_base_url;
  if (base.empty()) {
    return no_provider({"The provider `", provider.name, "` has no address. Set ",
                        provider.base_url_setting, "."});
  }
  const auto wrong = [&](std::string_view rule) {
    return no_provider({"The address of the provider `", provider.name, "`, ",
                        provider.base_url_setting, ", ", rule, "."});
  };
  const auto url = http::parse_url(base);
  if (!url || base.find('?') != std::string::npos) {
    return wrong("is not a plain http or https URL like https://host/v1");
  }
  if (!is_development && (url->scheme != "https" || http::is_loopback(url->host))) {
    return wrong("must be https on another host, except when FABULA_ENV is development");
  }
  return base_url_of(provider, base);
}

std::string request_path(WireFormat format, std::string_view model, bool is_streaming) {
  if (format == WireFormat::openai) return "/chat/completions";
  if (format == WireFormat::anthropic) return "/messages";
  constexpr std::string_view kCollection = "models/";
  if (model.starts_with(kCollection)) model.remove_prefix(kCollection.size());
  // The model may come from a bot's row: escape it, so that it cannot become another path.
  return "/models/" + http::percent_encode(model) +
         (is_streaming ? ":streamGenerateContent?alt=sse" : ":generateContent");
}

// Empty: no known images API.
std::string images_api_url(const Provider& provider, std::string base, std::string_view model) {
  if (provider.format == WireFormat::gemini) {
    return base + request_path(provider.format, model, false);
  }
  if (provider.name == "hf") {
    // Hugging Face's models for other tasks have a path next to the one for OpenAI's protocol.
    constexpr std::string_view kVersion = "/v1";
    if (base.ends_with(kVersion)) base.resize(base.size() - kVersion.size());
    std::string url = base + "/hf-inference/models/";
    text::Splitter parts(model, '/');
    for (bool is_first = true; const auto part = parts.next(); is_first = false) {
      url.append(is_first ? "" : "/").append(http::percent_encode(*part));
    }
    return url;
  }
  constexpr std::array<std::string_view, 3> kLikeOpenai{"openai", "custom", "local"};
  const bool is_known =
      std::find(kLikeOpenai.begin(), kLikeOpenai.end(), provider.name) != kLikeOpenai.end();
  return is_known ? base + "/images/generations" : std::string();
}

void add_key(http::Headers& headers, WireFormat format, const std::string& key) {
  if (format == WireFormat::openai) {
    headers.add("authorization", "Bearer " + key);
  } else {
    headers.add(format == WireFormat::anthropic ? "x-api-key" : "x-goog-api-key", key);
  }
}

}  // namespace

Result<Route> parse_route(std::string_view route, std::string_view setting) {
  Route entries;
  text::Splitter parts(route, ',');
  while (const auto part = parts.next()) {
    const auto entry = text::trim(*part);
    if (entry.empty()) {
      return no_provider({"`", setting, "` has an empty entry. ", kForm});
    }
    auto parsed = parse_entry(entry, setting);
    if (!parsed) return tl::unexpected(std::move(parsed.error()));
    entries.push_back(std::move(*parsed));
  }
  return entries;
}

bool has_own_address(const Provider& provider, const Settings& settings) {
  const auto set = http::parse_url(setting_of(settings, provider.base_url_setting));
  if (!set) return false;
  const auto providers_own = http::parse_url(provider.default_base_url);
  return !providers_own || set->host != providers_own->host || set->port != providers_own->port;
}

Result<Endpoint> resolve_image_model(const RouteEntry& entry, const Settings& settings,
                                     bool is_development) {
  auto endpoint = resolve(entry, settings, is_development, false);
  if (!endpoint) return endpoint;
  auto base = base_url(*entry.provider, settings, is_development);
  if (!base) return tl::unexpected(std::move(base.error()));
  endpoint->url = images_api_url(*entry.provider, *std::move(base), entry.model);
  const auto address = setting_of(settings, entry.provider->base_url_setting);
  if (auto other = other_base_url_of(*entry.provider, address); !other.empty()) {
    endpoint->other_url = images_api_url(*entry.provider, std::move(other), entry.model);
  }
  if (endpoint->url.empty()) {
    return no_provider({"The provider `", entry.provider->name,
                        "` draws no pictures here. Known are: openai, gemini, hf, custom, local."});
  }
  // Hugging Face answers with the image itself, the others with JSON.
  if (entry.provider->name == "hf") endpoint->headers.set("accept", "image/png");
  return endpoint;
}

Result<Endpoint> resolve(const RouteEntry& entry, const Settings& settings, bool is_development,
                         bool is_streaming) {
  const Provider& provider = *entry.provider;
  auto base = base_url(provider, settings, is_development);
  if (!base) return tl::unexpected(std::move(base.error()));

  const std::string key = setting_of(settings, provider.key_setting);
  // The operator's own server may need no key.
  if (key.empty() && provider.needs_key && !has_own_address(provider, settings)) {
    return no_provider(
        {"The provider `", provider.name, "` needs a key. Set ", provider.key_setting, "."});
  }
  if (!is_visible_ascii(key)) {
    return no_provider({"The key in ", provider.key_setting,
                        " holds spaces or other characters that no key has. Set it again."});
  }

  Endpoint endpoint;
  endpoint.provider = &provider;
  endpoint.model = entry.model;
  endpoint.url = *base + request_path(provider.format, entry.model, is_streaming);
  const auto address = setting_of(settings, provider.base_url_setting);
  if (const auto other = other_base_url_of(provider, address); !other.empty()) {
    endpoint.other_url = other + request_path(provider.format, entry.model, is_streaming);
  }
  endpoint.is_own_server = has_own_address(provider, settings);
  endpoint.takes_images = takes_images(
      provider, entry.model, setting_of(settings, settings::named("FABULA_VISION_MODELS").name));
  endpoint.fetches_images = fetches_images(provider, entry.model);
  endpoint.headers.add("content-type", "application/json");
  endpoint.headers.add("accept", is_streaming ? "text/event-stream" : "application/json");
  if (!key.empty()) add_key(endpoint.headers, provider.format, key);
  if (provider.format == WireFormat::anthropic) {
    endpoint.headers.add("anthropic-version", "2023-06-01");
  }
  if (provider.takes_attribution) {
    const auto referer = setting_of(settings, settings::named("HTTP_REFERER").name);
    const auto title = setting_of(settings, settings::named("X_TITLE").name);
    if (!referer.empty()) endpoint.headers.add("http-referer", referer);
    if (!title.empty()) endpoint.headers.add("x-title", title);
  }
  return endpoint;
}

}  // namespace fabula::llm

#include "shared/llm/route/base_url.hpp"

#include <algorithm>
#include <cstddef>

#include "shared/text/ascii.hpp"
#include "shared/text/split.hpp"

namespace fabula::llm {
namespace {

constexpr std::string_view kChatCompletions = "/chat/completions";
constexpr std::string_view kMessages = "/messages";
constexpr std::string_view kModels = "/models";
constexpr std::string_view kModelBegin = "/models/";
// Google and Ollama have other protocols at the same host.
constexpr std::string_view kOpenaiProtocol = "/openai";
constexpr std::string_view kOllamaApi = "/api";

// The index at which the path of a URL begins: its end when it has no path.
std::size_t path_begin(std::string_view url) {
  constexpr std::string_view kSchemeEnd = "://";
  const auto scheme_end = url.find(kSchemeEnd);
  const auto host = scheme_end == std::string_view::npos ? 0 : scheme_end + kSchemeEnd.size();
  return std::min(url.find('/', host), url.size());
}

std::string_view path_of(std::string_view url) { return url.substr(path_begin(url)); }

void cut_slashes(std::string_view& path) {
  while (path.ends_with('/')) path.remove_suffix(1);
}

bool cut_end(std::string_view& path, std::string_view end) {
  if (!path.ends_with(end)) return false;
  path.remove_suffix(end.size());
  cut_slashes(path);
  return true;
}

// Removes the path of a request; true when there was one, so that the rest is the whole base.
bool cut_request(std::string_view& path, WireFormat format) {
  cut_slashes(path);
  if (cut_end(path, kModels)) return true;
  if (format == WireFormat::openai) return cut_end(path, kChatCompletions);
  if (format == WireFormat::anthropic) return cut_end(path, kMessages);
  cut_end(path, kOpenaiProtocol);
  const auto model = path.rfind(kModelBegin);
  if (model == std::string_view::npos) return false;
  path = path.substr(0, model);
  return true;
}

// v1, v1beta, v4, v1alpha2
bool is_version(std::string_view segment) {
  return segment.size() >= 2 && segment[0] == 'v' && text::is_digit(segment[1]);
}

std::string_view last_segment(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// Google's protocol for OpenAI's clients is at /v1beta/openai.
bool has_version(std::string_view path) {
  text::Splitter segments(path, '/');
  while (const auto segment = segments.next()) {
    if (is_version(*segment)) return true;
  }
  return false;
}

// `/` and `/api` begin `/api/v1`, `/ap` does not.
bool begins(std::string_view path, std::string_view whole) {
  return path.empty() ||
         (whole.starts_with(path) && whole.size() > path.size() && whole[path.size()] == '/');
}

}  // namespace

std::string base_url_of(const Provider& provider, std::string_view address) {
  std::string_view path = path_of(address);
  std::string base(address.substr(0, path_begin(address)));
  if (cut_request(path, provider.format)) return base.append(path);
  auto own_path = path_of(provider.default_base_url);
  if (own_path.empty()) own_path = "/v1";
  // Google's models on Vertex AI are below a path of several parts that includes the version.
  constexpr std::string_view kVertex = "/publishers/google";
  const bool is_ollamas_own = provider.name == "ollama" && path == kOllamaApi;
  if (begins(path, own_path) || is_ollamas_own) {
    base += own_path;
  } else {
    base += path;
    if (provider.format != WireFormat::openai && !is_version(last_segment(path)) &&
        !path.ends_with(kVertex)) {
      base.append("/").append(last_segment(own_path));
    }
  }
  return base;
}

std::string other_base_url_of(const Provider& provider, std::string_view address) {
  auto path = path_of(address);
  const auto host = address.substr(0, path_begin(address));
  const bool is_own_host = provider.default_base_url.starts_with(host);
  if (provider.format != WireFormat::openai || host.empty() || is_own_host) return {};
  if (cut_request(path, provider.format) || has_version(path)) return {};
  const auto base = base_url_of(provider, address);
  const auto written = std::string(host).append(path);
  return base == written ? base + "/v1" : written;
}

const Provider* provider_by_path(std::string_view address) {
  auto path = path_of(address);
  cut_slashes(path);
  if (path.ends_with(kChatCompletions) || path.ends_with(kOpenaiProtocol)) {
    return find_provider("custom");
  }
  const bool is_request = cut_end(path, kMessages);
  if (is_version(last_segment(path))) cut_end(path, path.substr(path.rfind('/')));
  constexpr std::string_view kAnthropicProtocol = "/anthropic";
  return is_request || path.ends_with(kAnthropicProtocol) ? find_provider("anthropic") : nullptr;
}

}  // namespace fabula::llm

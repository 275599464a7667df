// Routes name the models for a task: `provider:model,provider:model`; the first that works answers.
// A model may contain colons and slashes: `hf:meta-llama/Llama-3.3-70B-Instruct:together`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/http/headers.hpp"
#include "shared/llm/route/providers.hpp"
#include "shared/result/result.hpp"

namespace fabula::llm {

struct RouteEntry {
  const Provider* provider = nullptr;  // points into kProviders
  std::string model;
};

using Route = std::vector<RouteEntry>;  // never empty

// A fault is no_provider; its message names the wrong entry and the right form. `setting` is the
// setting that the route comes from (MODEL_CHAT), only for that message.
Result<Route> parse_route(std::string_view route, std::string_view setting);

// The source of settings: the host's environment, or a map in tests.
class Settings {
 public:
  // Nothing when the setting is not set.
  virtual std::optional<std::string> find(std::string_view name) const = 0;

 protected:
  ~Settings() = default;
};

// All data for a call of one model except its body.
struct Endpoint {
  const Provider* provider = nullptr;
  std::string model;
  std::string url;  // for the request that build_request makes
  // The URL for the same request if the server has nothing at `url` (other_base_url_of). "": no
  // other URL.
  std::string other_url;
  std::string_view route;      // the setting that names the model; "": none
  http::Headers headers;       // content-type, accept, the key, the provider's own
  bool is_own_server = false;  // the operator's or the bot's address, not the provider's
  bool takes_images = false;
  bool fetches_images = false;  // the model accepts images by URL too
};

// Problems are no_provider: the key or the base URL is not set, cannot be a header or a URL, or is
// not https outside development (`is_development`: FABULA_ENV), where loopback is refused as well.
// `is_streaming` must be the request's.
Result<Endpoint> resolve(const RouteEntry& entry, const Settings& settings, bool is_development,
                         bool is_streaming = true);

// Resolves a model that generates images (llm/answer/image.hpp), which has another request. A
// provider without a known images API is also no_provider.
Result<Endpoint> resolve_image_model(const RouteEntry& entry, const Settings& settings,
                                     bool is_development);

// Whether the operator has replaced the provider's server: the other one may need no key, and has
// its own models. An address with the provider's own host does not count.
bool has_own_address(const Provider& provider, const Settings& settings);

}  // namespace fabula::llm

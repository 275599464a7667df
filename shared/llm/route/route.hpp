// Routes say which models serve a task: `provider:model,provider:model`, the first that works. A
// model may hold colons and slashes: `hf:meta-llama/Llama-3.3-70B-Instruct:together`.
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

// A fault is no_provider, and says which entry is wrong and what it should look like. `setting` is
// where the route was found (MODEL_CHAT) and only named in that message.
Result<Route> parse_route(std::string_view route, std::string_view setting);

// Where settings come from: the host's environment, or a map in tests.
class Settings {
 public:
  // Nothing when it is not set.
  virtual std::optional<std::string> find(std::string_view name) const = 0;

 protected:
  ~Settings() = default;
};

// All that a call of one model needs besides its body.
struct Endpoint {
  const Provider* provider = nullptr;
  std::string model;
  std::string url;  // of the request that build_request makes
  // Where the same request goes if the server has nothing at `url`: some serve no version of the
  // API in their path. "": nowhere else.
  std::string unversioned_url;
  std::string_view route;      // the setting that the model was found in; "": in none
  http::Headers headers;       // content-type, accept, the key, the provider's own
  bool is_own_server = false;  // the operator's or the bot's address, not the provider's
  bool takes_images = false;
  bool fetches_images = false;  // takes them by URL too
};

// Problems are no_provider: the key or the base URL is not set, cannot be a header or a URL, or is
// not https outside development (`is_development`: FABULA_ENV), where loopback is refused as well.
// `is_streaming` must be the request's.
Result<Endpoint> resolve(const RouteEntry& entry, const Settings& settings, bool is_development,
                         bool is_streaming = true);

// The same for a model that draws pictures (llm/answer/image.hpp), whose request is another one. Of
// providers whose images API is not known the problem is no_provider too.
Result<Endpoint> resolve_image_model(const RouteEntry& entry, const Settings& settings,
                                     bool is_development);

// Whether the operator has put another server in the place of the provider's: it may need no key,
// and has models of its own.
bool has_own_address(const Provider& provider, const Settings& settings);

}  // namespace fabula::llm

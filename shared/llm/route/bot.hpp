// A bot's own choice of model, address and key, made an endpoint without ever mixing up whose key
// is sent where.
#pragma once

#include <string>
#include <string_view>

#include "shared/llm/route/route.hpp"
#include "shared/result/result.hpp"

namespace fabula::llm {

// Texts that are empty are not chosen.
struct Bot {
  std::string provider;     // else whichever has the model by the deployment's route
  std::string model;        // always chosen
  std::string access_path;  // the base URL, as base_url_of (base_url.hpp) takes it
  std::string access_key;
};

// What a caller may make a bot of: the provider must be known, the address allowed
// (FABULA_UPSTREAM_HOSTS of the settings; upstream_hosts.hpp). invalid_request otherwise.
Result<void> check_bot(const Bot& bot, const Settings& settings, bool is_development);

// Where the bot's turns go. `route` is the deployment's own (MODEL_STREAM), for what the bot leaves
// open. A bot with an address of its own is only ever sent the bot's own key. A bot without a key
// spends the deployment's, so outside development its model must be one of `route` or of
// FABULA_BOT_MODELS (`openai:gpt-4o-mini,groq:*`). Problems are no_provider, and those of resolve.
Result<Endpoint> resolve_bot(const Bot& bot, const Route& route, const Settings& settings,
                             bool is_development);

}  // namespace fabula::llm

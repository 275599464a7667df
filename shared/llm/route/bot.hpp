// Resolves a bot's own choice of model, address and key to an endpoint, and never sends a key to
// the wrong server.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/llm/route/route.hpp"
#include "shared/result/result.hpp"

namespace fabula::llm {

// Empty texts are not chosen.
struct Bot {
  std::string provider;     // empty: the provider with the model in the deployment's route
  std::string model;        // required
  std::string access_path;  // the base URL, as base_url_of (base_url.hpp) takes it
  std::string access_key;
};

// The words that bind an encrypted key to its bot, so that a copy in another bot's row is useless.
std::string owner_of_key(std::int64_t bot_id);

// Checks a caller's bot: the provider must be known and the address allowed (FABULA_UPSTREAM_HOSTS
// of the settings; upstream_hosts.hpp). invalid_request otherwise.
Result<void> check_bot(const Bot& bot, const Settings& settings, bool is_development);

// The endpoint for the bot's turns. `route` is the deployment's own (MODEL_STREAM), for members
// that the bot does not set. A bot with its own address only ever uses its own key, and its own key
// goes only to its own address or the provider's usual one, never to the deployment's. Another bot
// uses the deployment's, so outside development its model must be in `route` or in
// FABULA_BOT_MODELS (`openai:gpt-4o-mini,groq:*`). Problems are no_provider, and those of resolve.
Result<Endpoint> resolve_bot(const Bot& bot, const Route& route, const Settings& settings,
                             bool is_development);

}  // namespace fabula::llm

// The single log line of each request: a JSON object, without any prompt, reply or key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fabula::log {

// A failed request to a model, whether or not another model answered instead.
struct ProviderFailure {
  std::string_view route;  // the setting that names the model
  std::string provider;
  std::string model;
  std::string_view code;  // our error code
  std::string cause;      // the provider's status and identifiers
  std::string message;    // the provider's message, without keys and quotations
};

// More of them would add nothing.
inline constexpr std::size_t kMaximumProviderFailures = 8;

// Empty fields are left out of the line.
struct RequestLog {
  std::string_view function;  // a folder of functions/
  std::string request_id;
  std::string user_id;
  std::string session_id;
  std::string bot_id;
  // The user that a server with the secret key acts for; whether it is new.
  std::string acting_for;
  std::string conversation_id;  // the caller's own name for the session
  std::string stream_id;
  std::string provider;
  std::string model;
  std::string task;                      // the models' work: a kind of conversation, job or message
  std::string outcome;                   // a turn::Status, for turns
  std::string code;                      // the stable error code, if anything went wrong
  std::string cause;                     // not for clients
  std::optional<std::int64_t> attempts;  // how many requests to models the turn made
  std::vector<ProviderFailure> provider_failures;
  std::optional<std::int64_t> first_token_ms;
  std::optional<std::int64_t> tokens_in;
  std::optional<std::int64_t> tokens_out;
  // An extractor's answers: the items in them, those stored, and those dropped because their quote
  // is not in the text.
  std::optional<std::int64_t> items_found;
  std::optional<std::int64_t> items_kept;
  std::optional<std::int64_t> items_without_quote;
  // Names of settings, separated by commas, whose values are invalid: their defaults are used.
  std::string unusable_settings;
  int status = 0;  // HTTP
};

enum class Level : std::uint8_t { info, warn, error };

// `error` for our errors, `info` for the caller's, `warn` for a provider's (even if another one has
// answered instead) and for invalid settings.
Level level(const RequestLog& log);

// `message` describes the event in a few constant words.
std::string to_line(const RequestLog& log, std::string_view message, std::int64_t started_ms,
                    std::int64_t now_ms);

}  // namespace fabula::log

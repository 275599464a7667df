// The one log line that each request leaves: a JSON object, without any prompt, reply or key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fabula::log {

// A request to a model that failed, whether another one answered instead or not.
struct ProviderFailure {
  std::string_view route;  // the setting that the model was found in
  std::string provider;
  std::string model;
  std::string_view code;  // ours
  std::string cause;      // the provider's status and identifiers
  std::string message;    // the provider's words, without keys and without what they quote
};

// More of them say nothing new.
inline constexpr std::size_t kMaximumProviderFailures = 8;

// Fields that stay empty are left out of the line.
struct RequestLog {
  std::string_view function;  // which of functions/
  std::string request_id;
  std::string user_id;
  std::string session_id;
  std::string bot_id;
  std::string acting_for;       // whom a server with the secret key acts for, and if they are new
  std::string conversation_id;  // the caller's own name of the session
  std::string stream_id;
  std::string provider;
  std::string model;
  std::string task;     // what the models were asked for: a kind of conversation, job or message
  std::string outcome;  // a turn::Status, for turns
  std::string code;     // the stable error code, if anything went wrong
  std::string cause;    // what is not told to clients
  std::optional<std::int64_t> attempts;  // requests to models that a turn took
  std::vector<ProviderFailure> provider_failures;
  std::optional<std::int64_t> first_token_ms;
  std::optional<std::int64_t> tokens_in;
  std::optional<std::int64_t> tokens_out;
  // Of an extractor's answers: what they had, what was stored of it, and what was dropped because
  // its quote is not in the text.
  std::optional<std::int64_t> items_found;
  std::optional<std::int64_t> items_kept;
  std::optional<std::int64_t> items_without_quote;
  // Names of settings, between commas, whose values are not what they may be: their defaults count.
  std::string unusable_settings;
  int status = 0;  // HTTP
};

enum class Level : std::uint8_t { info, warn, error };

// Errors of ours are `error`, of the caller `info`, of a provider (even when another one has
// answered instead) and of a setting `warn`.
Level level(const RequestLog& log);

// `message` says what happened in a few constant words.
std::string to_line(const RequestLog& log, std::string_view message, std::int64_t started_ms,
                    std::int64_t now_ms);

}  // namespace fabula::log

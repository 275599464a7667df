#include "shared/llm/failure.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "shared/json/text.hpp"
#include "shared/llm/redaction.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/utf8.hpp"
#include "shared/text/utf8_repair.hpp"

namespace fabula::llm {
namespace {

constexpr int kLongestRetryAfterSeconds = 24 * 60 * 60;

std::string_view detail_for(ErrorCode code) {
  switch (code) {
    case ErrorCode::provider_unauthorized:
      return "The model's provider did not accept this server's key. Whoever runs the server must "
             "check it.";
    case ErrorCode::provider_rate_limited:
      return "The model's provider takes no more requests for now. Try again later.";
    case ErrorCode::provider_refused_request:
      return "The model's provider refused the request. A shorter text may help; otherwise whoever "
             "runs the server must check the model's settings.";
    case ErrorCode::provider_malformed:
      return "The model's answer could not be read. Try again.";
    case ErrorCode::provider_incomplete:
      return "The model's answer ended before it was complete. Try again.";
    case ErrorCode::provider_timeout:
      return "The model took too long to answer. Try again.";
    default:
      return "The model's provider failed. Try again.";
  }
}

ErrorCode code_for_status(int status) {
  switch (status) {
    case 401:
    case 403:
      return ErrorCode::provider_unauthorized;
    case 429:
      return ErrorCode::provider_rate_limited;
    case 400:
    case 404:
    case 413:
    case 422:
      return ErrorCode::provider_refused_request;
    default:
      return ErrorCode::provider_error;
  }
}

struct Kind {
  std::string_view part;  // of the provider's error type, code or status, in lower case
  ErrorCode code;
};

constexpr std::array kKinds = {
    Kind{"rate_limit", ErrorCode::provider_rate_limited},
    Kind{"insufficient_quota", ErrorCode::provider_rate_limited},
    Kind{"resource_exhausted", ErrorCode::provider_rate_limited},
    Kind{"api_key", ErrorCode::provider_unauthorized},
    Kind{"authentication", ErrorCode::provider_unauthorized},
    Kind{"unauthenticated", ErrorCode::provider_unauthorized},
    Kind{"permission", ErrorCode::provider_unauthorized},
    Kind{"invalid_request", ErrorCode::provider_refused_request},
    Kind{"invalid_argument", ErrorCode::provider_refused_request},
    Kind{"context_length", ErrorCode::provider_refused_request},
    Kind{"context_size", ErrorCode::provider_refused_request},
    Kind{"not_found", ErrorCode::provider_refused_request},
};

constexpr std::array<std::string_view, 3> kKindMembers = {"code", "type", "status"};

// A status as a number or as digits in a text, when it is one.
std::optional<int> status_in(const json::Document& error) {
  for (const auto member : kKindMembers) {
    auto status = json::integer_at(error, member);
    if (const auto digits = json::string_at(error, member)) {
      std::int64_t number = 0;
      std::from_chars(digits->data(), digits->data() + digits->size(), number);
      status = number;
    }
    if (status && *status >= 400 && *status < 600) return static_cast<int>(*status);
  }
  return std::nullopt;
}

ErrorCode code_for_error(const json::Document& error) {
  if (const auto status = status_in(error)) return code_for_status(*status);
  for (const auto member : kKindMembers) {
    const auto word = text::to_lower(json::string_at(error, member).value_or(""));
    for (const auto& kind : kKinds) {
      if (word.find(kind.part) != std::string::npos) return kind.code;
    }
  }
  return ErrorCode::provider_error;
}

// The message, with the error's type in front of it, as far as there are such.
std::string words_of(const json::Document& error) {
  if (const auto* text = error.get_ptr<const std::string*>()) return *text;
  std::string words;
  for (const auto member : {"type", "message", "detail"}) {
    const auto* value = json::find(error, member);
    if (!value || value->is_null()) continue;
    if (!words.empty()) words += ": ";
    const auto* text = value->get_ptr<const std::string*>();
    words += text ? *text : json::dump(*value);
  }
  return words.empty() ? json::dump(error) : words;
}

int parse_retry_after_s(std::string_view value) {
  int seconds = 0;
  const auto trimmed = text::trim(value);
  const auto* const end = trimmed.data() + trimmed.size();
  const auto result = std::from_chars(trimmed.data(), end, seconds);
  if (result.ec == std::errc::result_out_of_range) return kLongestRetryAfterSeconds;
  if (result.ec != std::errc() || result.ptr != end || seconds < 0) return 0;
  return std::min(seconds, kLongestRetryAfterSeconds);
}

}  // namespace

Problem provider_problem(ErrorCode code, std::string_view providers_words) {
  std::string words;
  text::append_repaired(words, providers_words);
  words = without_secrets(words);
  words.resize(text::prefix_bytes(words, kMaximumCauseBytes).size());
  Problem problem;
  problem.code = code;
  problem.detail = detail_for(code);
  problem.cause = std::move(words);
  return problem;
}

Problem classify_reported_error(const json::Document& error) {
  return provider_problem(code_for_error(error), words_of(error));
}

Problem classify_http_failure(int status, std::string_view body_prefix,
                              std::string_view retry_after) {
  std::string words = "HTTP ";
  json::append_integer(words, status);
  words += ": ";
  if (const auto document = json::parse(body_prefix)) {
    const auto* error = json::find(*document, "error");
    words += words_of(error ? *error : *document);
  } else {
    words += body_prefix;
  }
  Problem problem = provider_problem(code_for_status(status), words);
  problem.retry_after_s = parse_retry_after_s(retry_after);
  return problem;
}

}  // namespace fabula::llm

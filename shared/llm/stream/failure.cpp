#include "shared/llm/stream/failure.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "shared/text/ascii.hpp"
#include "shared/text/integer.hpp"

namespace fabula::llm {
namespace {

constexpr int kLongestRetryAfterSeconds = 24 * 60 * 60;
constexpr std::size_t kMaximumIdentifierBytes = 64;

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
    case 408:  // too slow, a conflict, too early: the same request may succeed
    case 409:
    case 425:
      return ErrorCode::provider_error;
    default:
      return status >= 300 && status < 500 ? ErrorCode::provider_refused_request
                                           : ErrorCode::provider_error;
  }
}

struct ProviderErrorKind {
  std::string_view part;  // of the provider's error type, code or status, in lower case
  ErrorCode code;
};

constexpr std::array kKinds = {
    ProviderErrorKind{"rate_limit", ErrorCode::provider_rate_limited},
    ProviderErrorKind{"insufficient_quota", ErrorCode::provider_rate_limited},
    ProviderErrorKind{"resource_exhausted", ErrorCode::provider_rate_limited},
    ProviderErrorKind{"api_key", ErrorCode::provider_unauthorized},
    ProviderErrorKind{"authentication", ErrorCode::provider_unauthorized},
    ProviderErrorKind{"unauthenticated", ErrorCode::provider_unauthorized},
    ProviderErrorKind{"permission", ErrorCode::provider_unauthorized},
    ProviderErrorKind{"invalid_request", ErrorCode::provider_refused_request},
    ProviderErrorKind{"invalid_argument", ErrorCode::provider_refused_request},
    ProviderErrorKind{"context_length", ErrorCode::provider_refused_request},
    ProviderErrorKind{"context_size", ErrorCode::provider_refused_request},
    ProviderErrorKind{"not_found", ErrorCode::provider_refused_request},
};

constexpr std::array<std::string_view, 3> kKindMembers = {"code", "type", "status"};

// A status as a number or as digits in a text, when it is one.
std::optional<int> status_in(const json::Document& error) {
  for (const auto member : kKindMembers) {
    auto status = json::integer_at(error, member);
    if (const auto digits = json::string_at(error, member)) {
      status = text::parse_integer(*digits);
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

bool is_identifier(std::string_view word) {
  return !word.empty() && word.size() <= kMaximumIdentifierBytes &&
         std::all_of(word.begin(), word.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
         });
}

// What kind of error it is, in the provider's own identifiers and numbers.
std::string kinds_of(const json::Document& error) {
  std::string kinds;
  const auto add = [&kinds](std::string_view word) {
    if (!kinds.empty()) kinds += ' ';
    kinds += word;
  };
  for (const auto member : kKindMembers) {
    const auto word = json::string_at(error, member).value_or("");
    if (is_identifier(word)) add(word);
  }
  if (const auto status = status_in(error)) add(text::integer_text(*status));
  return kinds.empty() ? "an error without a kind" : kinds;
}

int parse_retry_after_s(std::string_view value) {
  const auto trimmed = text::trim(value);
  if (!trimmed.empty() && std::all_of(trimmed.begin(), trimmed.end(), text::is_digit)) {
    const auto seconds = text::parse_natural(trimmed).value_or(kLongestRetryAfterSeconds);
    return static_cast<int>(std::min<std::uint64_t>(seconds, kLongestRetryAfterSeconds));
  }
  return 0;
}

}  // namespace

Problem provider_problem(ErrorCode code, std::string_view cause) {
  return Problem(code, detail_for(code), cause);
}

Problem classify_reported_error(const json::Document& error) {
  return provider_problem(code_for_error(error), kinds_of(error));
}

const json::Document* reported_error(const json::Document& object) {
  const auto* error = json::find(object, "error");
  if (!error || error->is_null()) return nullptr;
  if (const auto* flag = error->get_ptr<const bool*>(); flag && !*flag) return nullptr;
  if (error->is_number() && error->get<double>() == 0) return nullptr;
  if (const auto* text = error->get_ptr<const std::string*>(); text && text->empty())
    return nullptr;
  return error;
}

std::optional<Problem> problem_in_chunk(std::string_view json, bool is_error) {
  const auto document = json::parse(json, json::LoneSurrogates::allowed).value_or(json::Document());
  const auto* error = reported_error(document);
  if (!error && !is_error) return std::nullopt;
  return classify_reported_error(error ? *error : document);
}

Problem classify_http_failure(int status, std::string_view body_prefix,
                              std::string_view retry_after) {
  std::string cause = "HTTP " + text::integer_text(status);
  if (const auto document = json::parse(body_prefix)) {
    const auto* error = json::find(*document, "error");
    cause += ": " + kinds_of(error ? *error : *document);
  }
  Problem problem = provider_problem(code_for_status(status), cause);
  problem.retry_after_s = parse_retry_after_s(retry_after);
  return problem;
}

}  // namespace fabula::llm

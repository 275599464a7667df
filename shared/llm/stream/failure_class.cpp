#include "shared/llm/stream/failure_class.hpp"

#include <array>
#include <string>

#include "shared/text/ascii.hpp"

namespace fabula::llm {
namespace {

struct Sign {
  std::string_view part;  // of an identifier or a message, in lower case
  FailureClass failure;
};

// Identifiers of errors, the most specific first.
constexpr std::array kIdentifiers = {
    Sign{"insufficient_quota", FailureClass::no_credit},
    Sign{"exceeded_current_quota", FailureClass::no_credit},
    Sign{"insufficient_balance", FailureClass::no_credit},
    Sign{"insufficient_credit", FailureClass::no_credit},
    Sign{"billing", FailureClass::no_credit},
    Sign{"arrearage", FailureClass::no_credit},
    Sign{"payment", FailureClass::no_credit},
    Sign{"content_policy", FailureClass::content_refused},
    Sign{"content_filter", FailureClass::content_refused},
    Sign{"moderation", FailureClass::content_refused},
    Sign{"data_inspection", FailureClass::content_refused},
    Sign{"context_length", FailureClass::context_too_long},
    Sign{"context_size", FailureClass::context_too_long},
    Sign{"request_too_large", FailureClass::context_too_long},
    Sign{"string_above_max_length", FailureClass::context_too_long},
    Sign{"model_not_found", FailureClass::unknown_model},
    Sign{"model_not_supported", FailureClass::unknown_model},
    Sign{"model_decommissioned", FailureClass::unknown_model},
    Sign{"invalid_model", FailureClass::unknown_model},
    Sign{"deploymentnotfound", FailureClass::unknown_model},
    Sign{"api_key", FailureClass::wrong_key},
    Sign{"authentication", FailureClass::wrong_key},
    Sign{"unauthenticated", FailureClass::wrong_key},
    Sign{"permission", FailureClass::wrong_key},
    Sign{"overloaded", FailureClass::overloaded},
    Sign{"capacity_exceeded", FailureClass::overloaded},
    Sign{"unavailable", FailureClass::overloaded},
    Sign{"rate_limit", FailureClass::rate_limited},
    Sign{"resource_exhausted", FailureClass::rate_limited},
    Sign{"throttl", FailureClass::rate_limited},
};

// Less specific than the status and the message.
constexpr std::array kVagueIdentifiers = {
    Sign{"not_found", FailureClass::unknown_model},
    Sign{"invalid_request", FailureClass::refused},
    Sign{"invalid_argument", FailureClass::refused},
};

// Words in messages, for errors without an identifier or with a vague one. The first sign that fits
// wins, so the narrower ones stand first.
constexpr std::array kMessageWords = {
    Sign{"request too large for", FailureClass::context_too_long},  // of a minute's tokens
    Sign{"rate limit exceeded", FailureClass::rate_limited},        // "... add 10 credits to"
    Sign{"credit balance", FailureClass::no_credit},
    Sign{"credits", FailureClass::no_credit},
    Sign{"insufficient balance", FailureClass::no_credit},
    Sign{"insufficient funds", FailureClass::no_credit},
    Sign{"spending limit", FailureClass::no_credit},
    Sign{"key limit exceeded", FailureClass::no_credit},
    Sign{"api usage limits", FailureClass::no_credit},
    Sign{"top up", FailureClass::no_credit},
    Sign{"api key", FailureClass::wrong_key},
    Sign{"context length", FailureClass::context_too_long},
    Sign{"context window", FailureClass::context_too_long},
    Sign{"context size", FailureClass::context_too_long},
    Sign{"context limit", FailureClass::context_too_long},
    Sign{"maximum context", FailureClass::context_too_long},
    Sign{"exceeds max length", FailureClass::context_too_long},
    Sign{"`inputs` tokens", FailureClass::context_too_long},  // of Text Generation Inference
    Sign{"prompt is too long", FailureClass::context_too_long},
    Sign{"input is too long", FailureClass::context_too_long},
    Sign{"input token count", FailureClass::context_too_long},
    Sign{"too many input tokens", FailureClass::context_too_long},
    Sign{"too large for model", FailureClass::context_too_long},
    Sign{"content policy", FailureClass::content_refused},
    Sign{"content management policy", FailureClass::content_refused},
    Sign{"content filter", FailureClass::content_refused},
    Sign{"sensitive content", FailureClass::content_refused},
    Sign{"content exists risk", FailureClass::content_refused},
    Sign{"inappropriate content", FailureClass::content_refused},
    Sign{"flagged", FailureClass::content_refused},
    Sign{"moderation", FailureClass::content_refused},
    Sign{"usage polic", FailureClass::content_refused},
    Sign{"safety system", FailureClass::content_refused},
    Sign{"overloaded", FailureClass::overloaded},
};

bool includes(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

template <std::size_t size>
std::optional<FailureClass> find_sign(const std::array<Sign, size>& signs, std::string_view text) {
  for (const auto& sign : signs) {
    if (includes(text, sign.part)) return sign.failure;
  }
  return std::nullopt;
}

// "The model `x` does not exist", "model 'x' not found, try pulling it first", "x is not a valid
// model ID", "Model Not Exist", "Invalid model: x".
bool is_unknown_model(std::string_view words) {
  return includes(words, "model") &&
         (includes(words, "not found") || includes(words, "not exist") ||
          includes(words, "not a valid model") || includes(words, "unknown model") ||
          includes(words, "invalid model") || includes(words, "decommissioned"));
}

std::optional<FailureClass> class_of_words(std::string_view words) {
  if (is_unknown_model(words)) return FailureClass::unknown_model;
  return find_sign(kMessageWords, words);
}

// All identifiers of this error: `code`, `type`, `status`, and Google's reasons.
std::string identifiers_in(const json::Document& error) {
  std::string words;
  const auto add = [&words](std::string_view word) { words.append(word).append(" "); };
  for (const auto member : {"code", "type", "status", "error_type"}) {
    add(json::string_at(error, member).value_or(""));
  }
  if (const auto* details = json::find(error, "details"); details && details->is_array()) {
    for (const auto& detail : *details) add(json::string_at(detail, "reason").value_or(""));
  }
  return text::to_lower(words);
}

FailureClass class_of_status(int status) {
  switch (status) {
    case 401:
    case 403:
      return FailureClass::wrong_key;
    case 402:
      return FailureClass::no_credit;
    case 404:
      return FailureClass::unknown_model;
    case 413:
      return FailureClass::context_too_long;
    case 429:
      return FailureClass::rate_limited;
    case 503:
    case 529:
      return FailureClass::overloaded;
    case 408:  // timeout, conflict, too early: the same request may succeed
    case 409:
    case 425:
      return FailureClass::failed;
    default:
      return status >= 300 && status < 500 ? FailureClass::refused : FailureClass::failed;
  }
}

}  // namespace

ErrorCode code_of(FailureClass failure) {
  switch (failure) {
    case FailureClass::wrong_key:
      return ErrorCode::provider_unauthorized;
    case FailureClass::rate_limited:
      return ErrorCode::provider_rate_limited;
    case FailureClass::overloaded:
    case FailureClass::failed:
      return ErrorCode::provider_error;
    default:
      return ErrorCode::provider_refused_request;
  }
}

std::string_view detail_of(FailureClass failure) {
  switch (failure) {
    case FailureClass::no_credit:
      return "The account with the model's provider has no credit left. Whoever runs the server "
             "must top it up.";
    case FailureClass::wrong_key:
      return "The model's provider did not accept this server's key. Whoever runs the server must "
             "check it.";
    case FailureClass::unknown_model:
      return "The model's provider does not know this model or this address. Whoever runs the "
             "server must check both.";
    case FailureClass::context_too_long:
      return "The text is too long for the model. A shorter text may help.";
    case FailureClass::content_refused:
      return "The model's provider refused the content of the request. Change the text, or choose "
             "another model.";
    case FailureClass::overloaded:
      return "The model's provider is overloaded. Try again in a moment.";
    case FailureClass::rate_limited:
      return "The model's provider takes no more requests for now. Try again later.";
    case FailureClass::refused:
      return "The model's provider refused the request. Whoever runs the server must check the "
             "model's settings.";
    case FailureClass::failed:
      break;
  }
  return "The model's provider failed. Try again.";
}

// An unambiguous status counts first. Others (400, 403, 429 and 5xx) have many meanings, which the
// identifiers and words distinguish.
FailureClass classify_failure(std::optional<int> status, const json::Document& error,
                              std::string_view message) {
  if (status == 401 || status == 402 || status == 413) return class_of_status(*status);
  const bool may_pass =
      status && (*status >= 500 || class_of_status(*status) == FailureClass::failed);
  const auto identifiers = identifiers_in(error);
  const auto words = text::to_lower(message);
  auto found = find_sign(kIdentifiers, identifiers);
  // One identifier may mean a rate limit or an empty account.
  if (!found || found == FailureClass::rate_limited || found == FailureClass::wrong_key) {
    const auto told = class_of_words(words);
    const bool is_telling =
        told == FailureClass::no_credit ||
        (told == FailureClass::context_too_long && found == FailureClass::rate_limited);
    if (is_telling || !found) found = told ? told : found;
  }
  // A server with an internal error may quote anything.
  if (may_pass) {
    const bool is_telling = found == FailureClass::no_credit ||
                            found == FailureClass::context_too_long ||
                            found == FailureClass::overloaded;
    return is_telling ? *found : class_of_status(*status);
  }
  if (found) return *found;
  if (status) return class_of_status(*status);
  return find_sign(kVagueIdentifiers, identifiers).value_or(FailureClass::failed);
}

}  // namespace fabula::llm

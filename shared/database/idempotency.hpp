// The database's function for requests that make something once
// (supabase/schemas/idempotency/answer_once.sql).
#pragma once

#include <string>
#include <string_view>

#include "shared/database/function.hpp"

namespace fabula::database {

struct AnswerOnce {
  std::string_view function;  // the function that makes something
  std::string_view idempotency_key;
  std::string_view request_hash;  // SHA-256 of what the caller asks for
  std::string_view request;       // the function's request, a JSON object
};

void write_answer_once(std::string& out, const AnswerOnce& request);

// The answer is the function's envelope.
inline constexpr Function<AnswerOnce, std::string> kAnswerOnce{
    {"answer_once", kOnceMore}, &write_answer_once, &keep_envelope};

}  // namespace fabula::database

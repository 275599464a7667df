// The form of an answer over HTTP.
#pragma once

#include <cstdint>

namespace fabula::engine {

enum class AnswerForm : std::uint8_t { stream, whole };

}  // namespace fabula::engine

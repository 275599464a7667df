// How a turn's model is to be asked, as far as the turn or its session has chosen it: the members
// `model`, `temperature` and `max_tokens` of requests and of begin_turn.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "shared/json/document.hpp"
#include "shared/json/text.hpp"

namespace fabula::turn {

struct ModelSettings {
  std::string model = {};                          // as a request names it; empty: not chosen
  std::optional<int> temperature_hundredths = {};  // 70 is 0.7
  std::optional<std::int64_t> maximum_output_tokens = {};

  bool operator==(const ModelSettings&) const = default;
};

// Reads the three members of an object; what is missing, or of another type, is not chosen.
ModelSettings read_model_settings(const json::Document& object);

// Writes those that are chosen as members of an object that has been begun.
void write_model_settings(json::Writer& writer, const ModelSettings& settings);

}  // namespace fabula::turn

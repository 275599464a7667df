// The settings for a turn's model that the turn or its session has chosen: the members `model`,
// `temperature` and `max_tokens` of requests and of begin_turn.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "shared/json/document.hpp"
#include "shared/json/text.hpp"

namespace fabula::turn {

struct ModelSettings {
  std::string model = {};                          // as in a request; empty: not chosen
  std::optional<int> temperature_hundredths = {};  // 70 means 0.7
  std::optional<std::int64_t> maximum_output_tokens = {};

  bool operator==(const ModelSettings&) const = default;
};

// Reads the three members of an object; members that are missing or of another type are not chosen.
ModelSettings read_model_settings(const json::Document& object);

// Writes the chosen ones as members of an open object.
void write_model_settings(json::Writer& writer, const ModelSettings& settings);

}  // namespace fabula::turn

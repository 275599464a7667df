#include "shared/turn/model_settings.hpp"

namespace fabula::turn {

ModelSettings read_model_settings(const json::Document& object) {
  ModelSettings settings;
  settings.model = json::string_at(object, "model").value_or("");
  settings.temperature_hundredths = json::hundredths_at(object, "temperature");
  // 500.0 is a whole number too.
  if (const auto tokens = json::hundredths_at(object, "max_tokens")) {
    settings.maximum_output_tokens = *tokens / 100;
  }
  return settings;
}

void write_model_settings(json::Writer& writer, const ModelSettings& settings) {
  if (!settings.model.empty()) writer.key("model").string(settings.model);
  if (settings.temperature_hundredths) {
    std::string number;
    json::append_hundredths(number, *settings.temperature_hundredths);
    writer.key("temperature").raw(number);
  }
  if (settings.maximum_output_tokens) {
    writer.key("max_tokens").integer(*settings.maximum_output_tokens);
  }
}

}  // namespace fabula::turn

#include "shared/database/metrics.hpp"

#include "shared/json/raw_object.hpp"

namespace fabula::database {

std::optional<Metrics> read_metrics_text(std::string answer) {
  const auto object = json::RawObject::read(answer, {"text"});
  auto text = object ? object->string("text") : std::nullopt;
  if (!text) return std::nullopt;
  return Metrics{*std::move(text)};
}

}  // namespace fabula::database

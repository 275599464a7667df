// The database's function for the deployment's operator.
#pragma once

#include <optional>
#include <string>

#include "shared/database/function.hpp"

namespace fabula::database {

struct Metrics {
  std::string text;  // in Prometheus' text format
};

std::optional<Metrics> read_metrics_text(std::string answer);

inline constexpr Function<NoRequest, Metrics> kReadMetrics{
    {"read_metrics", kNever}, &write_nothing, &read_metrics_text};

}  // namespace fabula::database

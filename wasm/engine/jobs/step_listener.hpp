// For a request that does a step itself: receives the text of the step while a model writes it.
#pragma once

#include <cstdint>
#include <string_view>

namespace fabula::engine {

struct StepText {
  std::int64_t step = 0;
  std::int64_t attempt = 0;  // increases whenever the text begins again
  std::string_view part;     // JSON object: the part that the text belongs to
  std::uint64_t from_byte = 0;
  std::string_view text;
};

class StepListener {
 public:
  virtual void on_step_text(const StepText& text) = 0;

 protected:
  ~StepListener() = default;
};

}  // namespace fabula::engine

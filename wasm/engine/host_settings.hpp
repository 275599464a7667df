// Gives the core those settings of a call that concern models.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/llm/route/route.hpp"
#include "wasm/engine/call.hpp"

namespace fabula::engine {

class HostSettings final : public llm::Settings {
 public:
  // `call` must outlive this object.
  explicit HostSettings(Call& call) : values_(call.setting_values()) {}
  std::optional<std::string> find(std::string_view name) const override {
    const auto value = values_.find(name);
    return value ? std::optional<std::string>(*value) : std::nullopt;
  }

 private:
  settings::Values& values_;
};

}  // namespace fabula::engine

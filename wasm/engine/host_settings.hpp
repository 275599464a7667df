// The host's environment as the core reads settings.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/llm/route/route.hpp"
#include "wasm/runtime/context.hpp"
#include "wasm/runtime/host.hpp"

namespace fabula::engine {

class HostSettings final : public llm::Settings {
 public:
  // `context` must outlive it.
  explicit HostSettings(runtime::Context& context) : context_(context) {}
  std::optional<std::string> find(std::string_view name) const override {
    return runtime::environment(context_, name);
  }

 private:
  runtime::Context& context_;
};

}  // namespace fabula::engine

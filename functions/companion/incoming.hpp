// A request to the companion function, read and checked.
#pragma once

#include <string>

#include "shared/json/document.hpp"
#include "wasm/engine/identity.hpp"
#include "wasm/engine/serve.hpp"

namespace fabula::companion_function {

struct Incoming {
  engine::Caller caller;
  json::Document body;
  std::string checked;  // the body's declared members
};

// Refusals: those of engine::forward.
runtime::Task<Result<Incoming>> read_incoming(engine::Call& call, const engine::Match& match);

}  // namespace fabula::companion_function

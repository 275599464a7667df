// A function that exists only here: one endpoint, POST /oracle {"text"}, whose kind of conversation
// has a tool and speaks lines of JSON. `/oracle/stream` is the same by the channels of HTTP.
#pragma once

#include "wasm/runtime/context.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::tests {

// The tool `weather` {"place"} is the database's function of that name.
runtime::Task<void> serve_oracle(runtime::Context& context);

}  // namespace fabula::tests

// Reads something whole from another server, within bounds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/result/result.hpp"
#include "wasm/runtime/context.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

struct Fetched {
  std::uint32_t status = 0;
  std::string media_type;  // lower case, without parameters; empty when it is not said
  std::string body;        // of an answer with status 200; else nothing is read
};

enum class FetchFault : std::uint8_t { unreachable, too_large };

// GETs what the head (shared/http/head.hpp) names. Redirects are not followed: they are a status
// like any other. `unreachable` also when it takes longer than 10 s, or breaks off.
runtime::Task<tl::expected<Fetched, FetchFault>> fetch(runtime::Context& context,
                                                       std::string_view head,
                                                       std::size_t limit_bytes);

}  // namespace fabula::engine

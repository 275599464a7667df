// Reads bodies: the incoming request's and those of answers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "shared/result/result.hpp"
#include "wasm/runtime/context.hpp"
#include "wasm/runtime/deadline.hpp"
#include "wasm/runtime/operation.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::runtime {

inline constexpr std::uint32_t kRequestBody = 0;

// Reads the next piece of a stream into `buffer`, which must outlive the operation. The outcome's
// `value` is the number of bytes, 0 at the end. Destroying it loses no bytes.
class BodyRead : public Operation {
 public:
  BodyRead(Context& context, std::uint32_t stream, std::span<char> buffer) : Operation(context) {
    fabula_import_body_read(context.request(), id(), stream, buffer.data(),
                            static_cast<std::uint32_t>(buffer.size()));
  }
};

enum class BodyFault : std::uint8_t { too_large, broken, too_slow };

// Reads a stream to its end. `too_large` as soon as it exceeds `limit_bytes`; `too_slow` when
// nothing has arrived for `silence_ms`, or at the end of the deadline's whole time.
Task<tl::expected<std::string, BodyFault>> read_whole(Context& context, std::uint32_t stream,
                                                      std::size_t limit_bytes, Deadline& deadline,
                                                      std::int64_t silence_ms);

// Reads a stream and discards it, until its end, until `limit_bytes` have arrived or until the
// deadline.
Task<void> discard(Context& context, std::uint32_t stream, std::size_t limit_bytes,
                   Deadline& deadline);

}  // namespace fabula::runtime

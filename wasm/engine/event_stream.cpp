#include "wasm/engine/event_stream.hpp"

#include <string>

#include "shared/sse/encoder.hpp"

namespace fabula::engine {

http::ResponseHead event_stream_head() {
  http::ResponseHead head;
  head.headers.add("content-type", std::string(sse::kContentType));
  head.headers.add("cache-control", "no-cache, no-transform");
  head.headers.add("x-accel-buffering", "no");  // proxies pass each write on at once
  return head;
}

}  // namespace fabula::engine

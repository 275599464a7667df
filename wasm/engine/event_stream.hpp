// The head of every answer that is an event stream.
#pragma once

#include "shared/http/head.hpp"

namespace fabula::engine {

// 200, text/event-stream, and what keeps proxies from holding it back or changing it.
http::ResponseHead event_stream_head();

}  // namespace fabula::engine

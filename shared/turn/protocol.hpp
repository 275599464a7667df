// A protocol: the format in which one family of clients gets turns and refusals. Each is declared
// once, in a folder of shared/protocols.
#pragma once

#include <memory>
#include <string_view>

#include "shared/http/problem_response.hpp"
#include "shared/turn/framing.hpp"

namespace fabula::turn {

struct Protocol {
  std::string_view name;
  // Makes the framing of a streamed reply; the framing knows its media type.
  std::unique_ptr<Framing> (*stream)(const Telling& telling);
  std::string_view stream_type = "text/event-stream";
  // Makes the framing of a reply that is sent whole; nullptr: the protocol does not support it. An
  // incomplete reply has the HTTP status of its problem, and another media type.
  std::unique_ptr<Framing> (*whole)(const Telling& telling) = nullptr;
  std::string_view whole_type = "application/json";
  std::string_view whole_problem_type = "application/problem+json";
  // The answer to a request for which no turn exists; `instance` is the request's id.
  http::Response (*refusal)(const Problem& problem,
                            std::string_view instance) = &http::problem_response;
};

}  // namespace fabula::turn

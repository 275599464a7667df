// A protocol: how turns are told to one family of clients, refusals before the turn included.
// Each is declared once, in a folder of shared/protocols.
#pragma once

#include <memory>
#include <string_view>

#include "shared/http/problem_response.hpp"
#include "shared/turn/framing.hpp"

namespace fabula::turn {

struct Protocol {
  std::string_view name;
  // The framing of a reply that is told while it is written, and its media type.
  std::unique_ptr<Framing> (*stream)(const Telling& telling);
  std::string_view stream_type = "text/event-stream";
  // The same of a reply that is told when it is whole; nullptr: this protocol does not. One that is
  // not complete has the status of its problem, and another type.
  std::unique_ptr<Framing> (*whole)(const Telling& telling) = nullptr;
  std::string_view whole_type = "application/json";
  std::string_view whole_problem_type = "application/problem+json";
  // The answer to a request that no turn came of; `instance` is the request's id.
  http::Response (*refusal)(const Problem& problem,
                            std::string_view instance) = &http::problem_response;
};

}  // namespace fabula::turn

#include "shared/turn/kinds/relay.hpp"

#include <array>

#include "shared/protocols/relay/protocol.hpp"

namespace fabula::turn::kinds {
namespace {

// Of bots that do not say where their model is.
constexpr std::array kRelayPurposes{
    Purpose{"relay", "MODEL_STREAM", "openai:gpt-4o-mini", nullptr}};

}  // namespace

constinit const Kind kRelay{.name = "relay",
                            .protocol = &protocols::relay::kProtocol,
                            .normal_rate = RateLimit{.max_requests = 5, .window_s = 60},
                            .purposes = kRelayPurposes,
                            .is_resumed_by_repeating = true,
                            .tells_missing_model_in_stream = true};

}  // namespace fabula::turn::kinds

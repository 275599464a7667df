#include "shared/turn/kinds/relay.hpp"

#include <array>

#include "shared/protocols/relay/protocol.hpp"
#include "shared/settings/table.hpp"

namespace fabula::turn::kinds {
namespace {

// For bots that name no model of their own.
constexpr std::array kRelayPurposes{Purpose{"relay", &settings::named("MODEL_STREAM"), nullptr}};

}  // namespace

constinit const Kind kRelay{.name = "relay",
                            .protocol = &protocols::relay::kProtocol,
                            .normal_rate = RateLimit{.max_requests = 5, .window_s = 60},
                            .purposes = kRelayPurposes,
                            .is_resumed_by_repeating = true,
                            .tells_missing_model_in_stream = true};

}  // namespace fabula::turn::kinds

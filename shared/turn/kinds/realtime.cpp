#include "shared/turn/kinds/realtime.hpp"

#include <array>

#include "generated/prompts.hpp"
#include "shared/protocols/fabula/protocol.hpp"
#include "shared/settings/table.hpp"

namespace fabula::turn::kinds {
namespace {

constexpr std::array kRealtimePurposes{
    Purpose{"realtime", &settings::named("MODEL_REALTIME"), &prompts::kRealtime}};

}  // namespace

// The protocol is that of its HTTP routes; a socket has its own. Only sessions that belong to a
// project have a dossier.
constinit const Kind kRealtime{.name = "realtime",
                               .protocol = &protocols::fabula::kProtocol,
                               .purposes = kRealtimePurposes,
                               .dossier_heading = &prompts::kDossierHeading,
                               .instruction_to_go_on = &prompts::kGoOn,
                               .has_several_operations = true,
                               .modes_setting = &settings::named("FABULA_MODES")};

}  // namespace fabula::turn::kinds

#include "wasm/engine/jobs/kinds/kinds.hpp"

#include <array>

namespace fabula::engine {

JobKinds job_kinds() {
  static constexpr std::array kKinds{&kSessionSummary, &kDossierExtraction, &kCompanionMemory,
                                     &kDossierImport,  &kRealtimeSummary,   &kConversationSnapshot,
                                     &kStory,          &kStoryIllustrations};
  return kKinds;
}

}  // namespace fabula::engine

#include "wasm/engine/jobs/kinds/kinds.hpp"

#include <array>

namespace fabula::engine {

// A kind is a file beside this one, and its name in these two lines.
extern const JobKind kSessionSummary, kDossierExtraction, kDossierImport;

namespace {

constexpr std::array kKinds{&kSessionSummary, &kDossierExtraction, &kDossierImport};

}  // namespace

JobKinds job_kinds() { return kKinds; }

JobKinds job_kind_named(std::string_view name) {
  const JobKinds kinds = kKinds;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (kinds[i]->name == name) return kinds.subspan(i, 1);
  }
  return {};
}

}  // namespace fabula::engine

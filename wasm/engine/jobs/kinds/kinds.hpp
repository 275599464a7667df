// All kinds of work, for whoever does it: functions/tasks, and requests that wait for a job.
#pragma once

#include "wasm/engine/jobs/kind.hpp"

namespace fabula::engine {

// A kind is a file beside this one, and its name here and in kinds.cpp. Who names one of them alone
// has no other in its module.
extern const JobKind kSessionSummary;
extern const JobKind kDossierExtraction;
extern const JobKind kDossierImport;

// In the order in which they are done where nobody has waited longer: people wait for what was said
// just now.
JobKinds job_kinds();

}  // namespace fabula::engine

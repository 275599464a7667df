// All kinds of jobs, for functions/tasks and for requests that wait for a job.
#pragma once

#include "wasm/engine/jobs/kind.hpp"

namespace fabula::engine {

// Each kind is a file in this folder, with its name here and in kinds.cpp. A module that names only
// some of the kinds does not contain the others.
extern const JobKind kSessionSummary;
extern const JobKind kDossierExtraction;
extern const JobKind kDossierImport;
extern const JobKind kRealtimeSummary;
extern const JobKind kCompanionMemory;
extern const JobKind kConversationSnapshot;
extern const JobKind kStory;
extern const JobKind kStoryIllustrations;

// In the order in which they are done when no owner has waited longer: people wait until their
// latest messages have been read.
JobKinds job_kinds();

}  // namespace fabula::engine

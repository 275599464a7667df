// What a worker says to the database when it claims a task, commits it or gives it back, and what
// it is answered (declared in shared/database/job.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/database/dossier.hpp"
#include "shared/json/document.hpp"
#include "shared/llm/stream/stream.hpp"
#include "shared/result/result.hpp"

namespace fabula::tasks {

struct ClaimTask {
  std::span<const std::string_view> kinds;
  std::int64_t lease_seconds = 0;
};

void write_claim_task(std::string& out, const ClaimTask& request);

struct ClaimedTask {
  std::string task_id;
  std::string lease_token;
  std::string kind;
  json::Document work;  // all that the database tells of it, with what its kind needs
};

struct Claimed {
  std::optional<ClaimedTask> task;  // nothing when there is nothing to do
};

std::optional<Claimed> read_claimed(std::string answer);

// Who has done it, as it is kept with the task.
struct Worker {
  std::string_view provider;
  std::string_view model;
  std::optional<llm::Usage> usage;
  int attempts = 0;
};

struct CommitTask {
  const ClaimedTask& task;
  Worker worker;
  // What it comes to, as its kind has it.
  std::string_view summary = {};
  const database::DossierCommit* dossier = nullptr;
  const std::vector<std::string>* proposals = nullptr;
};

void write_commit_task(std::string& out, const CommitTask& request);

struct Committed {
  std::optional<database::DossierLogPart> dossier;  // of a task that has added to one
};

std::optional<Committed> read_committed(std::string answer);

struct FailTask {
  const ClaimedTask& task;
  const Problem& problem;
};

void write_fail_task(std::string& out, const FailTask& request);

}  // namespace fabula::tasks

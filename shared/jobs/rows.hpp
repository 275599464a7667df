// What a worker says to the database when it claims a job, commits it or gives it back, and what
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

namespace fabula::jobs {

struct ClaimJob {
  std::span<const std::string_view> kinds;
  std::int64_t lease_seconds = 0;
};

void write_claim_job(std::string& out, const ClaimJob& request);

struct ClaimedJob {
  std::string task_id;
  std::string lease_token;
  std::string kind;
  json::Document work;  // all that the database tells of it, with what its kind needs
};

struct Claimed {
  std::optional<ClaimedJob> job;  // nothing when there is nothing to do
};

std::optional<Claimed> read_claimed(std::string answer);

// Who has done it, as it is kept with the job.
struct Worker {
  std::string_view provider;
  std::string_view model;
  std::optional<llm::Usage> usage;
  int attempts = 0;
  // Name and version of what the model was told, "summary-1"; "": no model was asked.
  std::string_view prompt;
};

struct CommitJob {
  const ClaimedJob& job;
  Worker worker;
  // What it comes to, as its kind has it.
  std::string_view summary = {};
  const database::DossierCommit* dossier = nullptr;
  const std::vector<std::string>* proposals = nullptr;
};

void write_commit_job(std::string& out, const CommitJob& request);

struct Committed {
  std::optional<database::DossierLogPart> dossier;  // of a job that has added to one
};

std::optional<Committed> read_committed(std::string answer);

struct FailJob {
  const ClaimedJob& job;
  const Problem& problem;
};

void write_fail_job(std::string& out, const FailJob& request);

}  // namespace fabula::jobs

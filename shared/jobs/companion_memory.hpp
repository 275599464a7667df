// Reads a part of a conversation for its companion's memory.
#pragma once

#include <vector>

#include "shared/json/document.hpp"
#include "shared/memory/extraction.hpp"
#include "shared/memory/memory.hpp"
#include "shared/result/result.hpp"

namespace fabula::jobs {

// The work of a step, from the database (private.companion_memory_work); the messages are views of
// its document.
struct MemoryWork {
  memory::Log log;
  std::vector<memory::Message> messages;  // new messages of the user; none: the log is only folded
  std::vector<memory::Message> before;    // the messages around them, oldest first
};

// internal_error when the work does not have the form that claim_step promises.
Result<MemoryWork> read_memory_work(const json::Document& work);

}  // namespace fabula::jobs

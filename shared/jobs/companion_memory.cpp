#include "shared/jobs/companion_memory.hpp"

#include <string_view>
#include <utility>

#include "shared/database/job.hpp"

namespace fabula::jobs {
namespace {

bool read_messages(const json::Document& work, std::string_view key,
                   std::vector<memory::Message>& messages) {
  const auto* list = json::find(work, key);
  if (!list || !list->is_array()) return false;
  for (const auto& item : *list) {
    const auto id = json::string_at(item, "message_id");
    const auto role = json::string_at(item, "role");
    const auto text = json::string_at(item, "text");
    const auto at = json::integer_at(item, "created_at");
    const auto from_byte = json::integer_at(item, "from_byte").value_or(0);
    if (!id || !role || !text || !at || from_byte < 0) return false;
    messages.push_back({*id, *role, *text, *at, static_cast<std::size_t>(from_byte)});
  }
  return true;
}

}  // namespace

Result<MemoryWork> read_memory_work(const json::Document& work) {
  MemoryWork read;
  auto log = memory::read_log(work);
  if (!log) return tl::unexpected(std::move(log.error()));
  read.log = std::move(*log);
  if (!read_messages(work, "messages", read.messages) ||
      !read_messages(work, "before", read.before)) {
    return database::unexpected_answer(database::kClaimStep.name);
  }
  return read;
}

}  // namespace fabula::jobs

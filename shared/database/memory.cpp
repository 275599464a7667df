#include "shared/database/memory.hpp"

#include <utility>

#include "shared/json/document.hpp"
#include "shared/json/text.hpp"

namespace fabula::database {

void write_read_memory_log(std::string& out, const ReadMemoryLog& request) {
  json::Writer writer(out);
  writer.begin_object().key("companion_id").string(request.character_id).key("principal");
  auth::write_principal(writer, request.principal);
  writer.end_object();
}

std::optional<memory::Log> read_memory_log_entries(std::string answer) {
  const auto document = json::parse(answer);
  if (!document) return std::nullopt;
  auto log = memory::read_log(*document);
  if (!log) return std::nullopt;
  return std::move(*log);
}

void write_commit_memories(std::string& out, const CommitMemories& request) {
  json::Writer writer(out);
  writer.begin_object().key("memory_log_id").string(request.log.memory_log_id);
  memory::write_commit(writer, request.log.version, request.rows, request.folded);
  writer.key("principal");
  auth::write_principal(writer, request.principal);
  writer.end_object();
}

std::optional<bool> read_committed_memories(std::string answer) {
  const auto document = json::parse(answer);
  return document ? json::boolean_at(*document, "is_folded") : std::nullopt;
}

void write_read_memory(std::string& out, const ReadMemory& request) {
  json::Writer writer(out);
  writer.begin_object().key("companion_id").string(request.character_id);
  writer.key("memory_id").string(request.memory_id);
  if (request.status != 200) writer.key("status").integer(request.status);
  writer.key("principal");
  auth::write_principal(writer, request.principal);
  writer.end_object();
}

}  // namespace fabula::database

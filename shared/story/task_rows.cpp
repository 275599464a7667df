#include "shared/story/task_rows.hpp"

#include <array>
#include <utility>

#include "shared/json/text.hpp"
#include "shared/text/integer.hpp"
#include "shared/text/split.hpp"

namespace fabula::story {

std::string part_json(const DraftPart& part) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("kind").string(part.kind);
  if (!part.part_id.empty()) writer.key("part_id").string(part.part_id);
  if (part.number > 0) writer.key("number").integer(part.number);
  if (!part.title.empty()) writer.key("title").string(part.title);
  writer.end_object();
  return text;
}

void write_save_draft(std::string& out, const SaveDraft& request) {
  json::Writer writer(out);
  writer.begin_object().key("job_id").string(request.step.job_id);
  writer.key("step").integer(request.step.step);
  writer.key("lease_token").string(request.step.lease_token);
  writer.key("attempt").integer(request.attempt).key("asked").integer(request.asked);
  writer.key("part").raw(request.part_json);
  writer.key("from_byte").integer(static_cast<std::int64_t>(request.from_byte));
  writer.key("text").string(request.text);
  writer.key("lease_seconds").integer(request.lease_seconds).end_object();
}

std::optional<SavedDraft> read_saved_draft(std::string answer) {
  const auto document = json::parse(answer);
  if (!document) return std::nullopt;
  const auto bytes = json::integer_at(*document, "saved_bytes");
  if (!bytes || *bytes < 0) return std::nullopt;
  return SavedDraft{static_cast<std::uint64_t>(*bytes),
                    json::boolean_at(*document, "is_cancelled").value_or(false)};
}

std::string WatchPlace::id() const {
  std::string text;
  text::append_integer(text, event);
  text::append_integer(text.append("-"), step);
  text::append_integer(text.append("-"), attempt);
  text::append_natural(text.append("-"), bytes);
  return text;
}

std::optional<WatchPlace> WatchPlace::of_id(std::string_view id) {
  text::Splitter parts(id, '-');
  std::array<std::uint64_t, 4> numbers{};
  for (auto& number : numbers) {
    const auto part = parts.next();
    const auto value = part ? text::parse_natural(*part) : std::nullopt;
    // Larger numbers do not fit into the database's integers.
    if (!value || *value > 0x7fff'ffff) return std::nullopt;
    number = *value;
  }
  if (parts.next()) return std::nullopt;
  return WatchPlace{static_cast<std::int64_t>(numbers[0]), static_cast<std::int64_t>(numbers[1]),
                    static_cast<std::int64_t>(numbers[2]), numbers[3]};
}

void write_watch_task(std::string& out, const WatchTask& request) {
  json::Writer writer(out);
  writer.begin_object().key("principal");
  auth::write_principal(writer, request.principal);
  writer.key("task_id").string(request.task_id);
  writer.key("after_seq").integer(request.place.event);
  writer.key("draft_step").integer(request.place.step);
  writer.key("draft_attempt").integer(request.place.attempt);
  writer.key("draft_after_bytes").integer(static_cast<std::int64_t>(request.place.bytes));
  writer.end_object();
}

std::optional<json::Document> read_watched_task(std::string answer) {
  auto document = json::parse(answer);
  if (!document) return std::nullopt;
  // Either an envelope, the answer for endpoints, or the task itself.
  if (auto* body = json::find(*document, "body"); body && body->is_object()) {
    auto task = std::move(*body);
    document = std::move(task);
  }
  if (!json::string_at(*document, "status")) return std::nullopt;
  return *std::move(document);
}

}  // namespace fabula::story

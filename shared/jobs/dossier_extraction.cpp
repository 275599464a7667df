#include "shared/jobs/dossier_extraction.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "shared/database/job.hpp"
#include "shared/dossier/extract/extraction.hpp"
#include "shared/dossier/extract/extraction_prompt.hpp"
#include "shared/dossier/extract/quotes.hpp"
#include "shared/text/integer.hpp"

namespace fabula::jobs {
namespace {

using json::Document;
using Part = ExtractionWork::Part;

// The most rows that one commit_step stores.
constexpr std::size_t kMaximumRows = dossier::kMaximumDeliveryEntries;

bool read_parts(const Document& work, std::string_view key, std::vector<Part>& parts) {
  const auto* list = json::find(work, key);
  if (!list || !list->is_array()) return false;
  for (const auto& item : *list) {
    const auto message_id = json::string_at(item, "message_id");
    const auto role = json::string_at(item, "role");
    const auto text = json::string_at(item, "text");
    const auto from_byte = json::integer_at(item, "from_byte");
    const auto created_at = json::integer_at(item, "created_at");
    if (!message_id || !role || !text || !from_byte || *from_byte < 0 || !created_at) return false;
    parts.push_back({*message_id, *role, *text, static_cast<std::size_t>(*from_byte), *created_at});
  }
  return true;
}

std::vector<dossier::SpokenPart> spoken(std::span<const Part> parts) {
  std::vector<dossier::SpokenPart> out;
  for (const auto& part : parts) out.push_back({part.role, part.text});
  return out;
}

// The reply that the new part answers, if there is one.
const Part* answered_reply(const ExtractionWork& work) {
  const bool is_answer = !work.before.empty() && work.before.back().role == "assistant" &&
                         work.messages.front().role == "user" &&
                         work.messages.front().from_byte == 0;
  return is_answer ? &work.before.back() : nullptr;
}

// Removes from an answer's lists the items that are quoted from one of the texts.
class Filter {
 public:
  explicit Filter(std::span<const Part> parts) {
    texts_.reserve(parts.size());
    for (const auto& part : parts) texts_.emplace_back(part.text);
  }

  Document without_quoted(const Document& answer) const {
    Document rest = Document::object();
    const auto* members = answer.get_ptr<const Document::object_t*>();
    if (members == nullptr) return rest;
    for (const auto& [key, list] : *members) {
      const auto* items = list.get_ptr<const Document::array_t*>();
      if (items == nullptr) continue;
      Document::array_t kept;
      const auto count = std::min(items->size(), dossier::kMaximumAnswerItems);
      for (std::size_t i = 0; i < count; ++i) {
        if (auto item = rest_of((*items)[i])) {
          kept.push_back(std::move(*item));
        } else if (key == "characters") {
          // An unnamed item must not be removed here: people with the same name are numbered in
          // order.
          const auto name = json::string_at((*items)[i], "name").value_or("");
          kept.push_back(Document::object_t{{"name", name}});
        }
      }
      rest[key] = std::move(kept);
    }
    return rest;
  }

  // The number of items and facts whose quotes are in no part. A character may also use the quote
  // of a fact.
  std::size_t count_without_quote(const Document& answer) const {
    std::size_t total = 0;
    const auto* members = answer.get_ptr<const Document::object_t*>();
    if (members == nullptr) return total;
    for (const auto& [key, list] : *members) {
      const auto* items = list.get_ptr<const Document::array_t*>();
      if (items == nullptr) continue;
      const auto count = std::min(items->size(), dossier::kMaximumAnswerItems);
      for (std::size_t i = 0; i < count; ++i) {
        const auto& item = (*items)[i];
        std::size_t facts = 0;
        std::size_t quoted_facts = 0;
        for (const auto* name : {"fields", "relationships"}) {
          const auto* own = json::find(item, name);
          if (own == nullptr || !own->is_array()) continue;
          for (const auto& fact : *own) {
            ++facts;
            quoted_facts += is_quoted(fact) ? 1 : 0;
          }
        }
        total += facts - quoted_facts;
        if (item.is_object() && quoted_facts == 0 && !is_quoted(item)) ++total;
      }
    }
    return total;
  }

 private:
  bool is_quoted(const Document& item) const {
    const auto quote = json::string_at(item, "quote");
    return quote && std::any_of(texts_.begin(), texts_.end(), [&](const dossier::QuotedText& text) {
             return text.find(*quote).has_value();
           });
  }

  // A character without its quoted facts; nothing when no fact remains.
  std::optional<Document> rest_of(const Document& item) const {
    bool has_facts = false;
    Document rest = item;
    for (const auto* key : {"fields", "relationships"}) {
      const auto* facts = json::find(item, key);
      if (facts == nullptr || !facts->is_array()) continue;
      Document::array_t kept;
      for (const auto& fact : *facts) {
        if (kept.size() < dossier::kMaximumAnswerItems && !is_quoted(fact)) kept.push_back(fact);
      }
      has_facts = has_facts || !kept.empty();
      rest[key] = std::move(kept);
    }
    if (is_quoted(item) && !has_facts) return std::nullopt;
    return rest;
  }

  std::vector<dossier::QuotedText> texts_;
};

std::string position_text(std::size_t bytes) {
  return text::integer_text(static_cast<std::int64_t>(bytes));
}

// Derives the answer's name from the part that was read, so that each attempt has the same name.
std::string delivery_of(const ExtractionWork& work) {
  const auto& first = work.messages.front();
  const auto& last = work.messages.back();
  std::string name(first.message_id);
  name.append(":").append(position_text(first.from_byte)).append("-");
  if (last.message_id != first.message_id) name.append(last.message_id).append(":");
  return name.append(position_text(last.from_byte + last.text.size()));
}

}  // namespace

Result<ExtractionWork> read_extraction_work(const Document& work) {
  ExtractionWork read;
  const auto project_id = json::string_at(work, "project_id");
  if (!project_id || !read_parts(work, "messages", read.messages) ||
      !read_parts(work, "before", read.before)) {
    return database::unexpected_answer(database::kClaimStep.name);
  }
  read.project_id = *project_id;
  return read;
}

std::string extraction_question(const ExtractionWork& work, dossier::Dossier& dossier) {
  return dossier::extraction_question(dossier::known_lines(dossier), spoken(work.before),
                                      spoken(work.messages));
}

Result<ExtractedEntries> extracted_entries(const Document& answer, const ExtractionWork& work,
                                           std::string_view model) {
  ExtractedEntries found;
  const std::string delivery = delivery_of(work);
  const auto read = [&](const Document& part_of_answer, const Part& part) -> Result<void> {
    // Quotes are located in the whole message, so the unread part is filled with blanks.
    std::string whole(part.from_byte, ' ');
    whole.append(part.text);
    auto extraction =
        dossier::entries_from_answer(part_of_answer, {.project_id = work.project_id,
                                                      .message_id = part.message_id,
                                                      .text = whole,
                                                      .begin = part.from_byte,
                                                      .end = whole.size(),
                                                      .at = part.created_at_ms,
                                                      .model = model,
                                                      .prompt = dossier::extraction_prompt_label(),
                                                      .delivery = delivery});
    if (!extraction) return tl::unexpected(std::move(extraction.error()));
    found.items_found = std::max(found.items_found, extraction->items);
    for (auto& row : extraction->rows) {
      if (found.rows.size() < kMaximumRows) found.rows.push_back(std::move(row));
    }
    return {};
  };
  for (const auto& part : work.messages) {
    if (auto done = read(answer, part); !done) return tl::unexpected(std::move(done.error()));
  }
  const auto* reply = answered_reply(work);
  auto quotable = work.messages;
  if (reply != nullptr) quotable.push_back(*reply);
  found.items_without_quote = Filter(quotable).count_without_quote(answer);
  if (reply != nullptr) {
    const auto rest = Filter(work.messages).without_quoted(answer);
    if (auto done = read(rest, *reply); !done) return tl::unexpected(std::move(done.error()));
  }
  found.items_kept = found.rows.size();
  return found;
}

}  // namespace fabula::jobs

#include "wasm/engine/tools/dossier_tools.hpp"

#include <string>
#include <string_view>
#include <utility>

#include "shared/dossier/extract/extraction.hpp"
#include "shared/dossier/log/folding.hpp"
#include "shared/dossier/read/snapshot.hpp"
#include "shared/text/integer.hpp"
#include "wasm/engine/dossier_log.hpp"
#include "wasm/engine/turn.hpp"
#include "wasm/runtime/host.hpp"

namespace fabula::engine {
namespace {

using llm::ToolAnswer;
using runtime::Task;

ToolAnswer failed(const Problem& problem) { return {"It did not work: " + problem.detail, true}; }

Task<Result<json::Document>> read_snapshot(const ToolUse& use) {
  auto log = co_await read_dossier_log(use.call, &use.caller.principal, use.project_id);
  co_return json::parse(dossier::snapshot_json(log.dossier));
}

Task<ToolAnswer> read_dossier(const ToolUse& use, const json::Document& arguments) {
  const auto snapshot = co_await runtime::attempt(read_snapshot(use));
  if (!snapshot) co_return failed(snapshot.error());
  const auto part = json::string_at(arguments, "part").value_or("");
  if (part.empty()) co_return ToolAnswer{json::dump(*snapshot)};
  const auto* found = json::find(*snapshot, part);
  if (!found) co_return ToolAnswer{"The dossier has no such part.", true};
  co_return ToolAnswer{json::dump(*found)};
}

// The characters with this name or alias.
json::Document characters_named(const json::Document& snapshot, std::string_view name) {
  const auto wanted = dossier::fold(name);
  auto found = json::Document::array();
  const auto is_wanted = [&wanted](const json::Document& text) {
    const auto* value = text.get_ptr<const std::string*>();
    return value && dossier::fold(*value) == wanted;
  };
  const auto* characters = json::find(snapshot, "characters");
  if (!characters || !characters->is_array()) return found;
  for (const auto& character : *characters) {
    const auto* own = json::find(character, "name");
    const auto* aliases = json::find(character, "aliases");
    bool has_name = own && is_wanted(*own);
    if (aliases && aliases->is_array()) {
      for (const auto& alias : *aliases) has_name |= is_wanted(alias);
    }
    if (has_name) found.push_back(character);
  }
  return found;
}

Task<ToolAnswer> look_up_character(const ToolUse& use, const json::Document& arguments) {
  const auto name = json::string_at(arguments, "name").value_or("");
  if (name.empty()) co_return ToolAnswer{"Say which name to look up.", true};
  const auto snapshot = co_await runtime::attempt(read_snapshot(use));
  if (!snapshot) co_return failed(snapshot.error());
  const auto found = characters_named(*snapshot, name);
  if (found.empty()) co_return ToolAnswer{"The dossier knows nobody of this name."};
  co_return ToolAnswer{json::dump(found)};
}

Task<Result<std::string>> propose(const ToolUse& use, const json::Document& arguments) {
  auto log = co_await read_dossier_log(use.call, &use.caller.principal, use.project_id);
  const std::string proposal = make_call_id(use.call.context());
  const auto extraction =
      co_await dossier::entries_from_answer(arguments, {.project_id = use.project_id,
                                                        .message_id = use.user_message_id,
                                                        .text = use.user_text,
                                                        .begin = 0,
                                                        .end = use.user_text.size(),
                                                        .at = runtime::now_ms(use.call.context()),
                                                        .model = "tool:propose_dossier_change",
                                                        .prompt = {},
                                                        .delivery = proposal,
                                                        .proposal = proposal});
  if (extraction.rows.empty()) {
    co_return problem(ErrorCode::invalid_request,
                      "nothing of it has a quote that stands in the person's last message. Quote "
                      "their own words for each item.");
  }
  // Stored as a model's findings, not a person's: the person's own texts stay unchanged.
  co_await commit_to_dossier(use.call, nullptr, log, extraction.rows);
  co_return "Proposed, for the person to accept or reject. Entries: " +
      text::integer_text(static_cast<std::int64_t>(extraction.rows.size())) + ".";
}

Task<ToolAnswer> propose_dossier_change(const ToolUse& use, const json::Document& arguments) {
  auto proposed = co_await runtime::attempt(propose(use, arguments));
  if (!proposed) co_return failed(proposed.error());
  co_return ToolAnswer{*std::move(proposed)};
}

constexpr std::string_view kReadParameters =
    R"({"type":"object","properties":{"part":{"type":"string","enum":["characters","themes",)"
    R"("locations","plot_points","objects","open_questions"],)"
    R"("description":"One part only; without it all of it."}}})";
constexpr std::string_view kLookUpParameters =
    R"({"type":"object","properties":{"name":{"type":"string",)"
    R"("description":"Any name of the character."}},"required":["name"]})";

}  // namespace

const std::array<DossierTool, 3> kDossierTools{
    DossierTool{{"read_dossier",
                 "Reads what is known of the story: characters, themes, locations, plot points, "
                 "objects and open questions.",
                 kReadParameters},
                &read_dossier},
    DossierTool{{"look_up_character",
                 "Looks up all that is known of one character of the story, by any of its names.",
                 kLookUpParameters},
                &look_up_character},
    DossierTool{{"propose_dossier_change",
                 "Proposes additions and corrections to what is known of the story. They count "
                 "when the person accepts them. Each item needs a quote: the person's own words in "
                 "their last message.",
                 dossier::kExtractionSchema},
                &propose_dossier_change}};

}  // namespace fabula::engine

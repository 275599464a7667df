#include "wasm/engine/kind_turns.hpp"

#include <utility>

#include "shared/json/text.hpp"
#include "shared/llm/request/attachment.hpp"
#include "shared/settings/table.hpp"
#include "shared/tools/mode.hpp"
#include "wasm/engine/model_choice.hpp"

namespace fabula::engine {
namespace {

// A JSON object of the modes' prompts by name. If the modes are invalid, there are no
// conversations.
std::string mode_prompts(Call& call, const settings::Setting& setting) {
  std::string prompts;
  json::Writer writer(prompts);
  writer.begin_object();
  if (const auto modes = tools::parse_modes(call.setting_values().text(setting))) {
    for (const auto& mode : *modes) writer.key(mode.name).string(mode.prompt);
  }
  writer.end_object();
  return prompts;
}

}  // namespace

KindPrompt kind_prompt(Call& call, const turn::Kind& kind) {
  if (kind.prompt_setting) {
    if (const auto own = call.setting_values().find(*kind.prompt_setting)) return {*own, {}};
  }
  const auto* prompt = kind.purposes.front().prompt;
  return prompt ? KindPrompt{prompt->text, prompt->label} : KindPrompt{};
}

Result<Endpoints> kind_models(Call& call, const turn::Kind& kind) {
  return resolve_route_or(call, *kind.purposes.front().setting, settings::named("MODEL_CHAT"));
}

Result<Endpoints> turn_models(Call& call, const turn::ModelSettings& chosen,
                              const settings::Setting& setting, const settings::Setting& other) {
  if (!chosen.model.empty()) return choose_model(call, chosen.model);
  return resolve_route_or(call, setting, other);
}

void prefer_own_model(Call& call, const turn::BegunTurn& turn, Answering& answering) {
  std::string_view name = turn.chosen.model;
  if (name.empty() && turn.character) name = turn.character->model;
  if (name.empty()) return;
  // A character may come from another server, and both may be older than the settings.
  auto own = choose_model(call, name);
  if (own && llm::check_attachments(own->front(), answering.attachments, {})) {
    answering.endpoints = std::move(*own);
  }
}

std::string describe_kinds(Call& call, std::span<const turn::Kind* const> kinds,
                           std::string_view user_word) {
  std::string described;
  json::Writer writer(described);
  writer.begin_object();
  for (const auto* kind : kinds) {
    const auto prompt = kind_prompt(call, *kind);
    writer.key(kind->name).begin_object().key("system_prompt").string(prompt.text).key("prompt");
    if (prompt.label.empty()) {
      writer.null();
    } else {
      writer.string(prompt.label);
    }
    if (kind->dossier_heading) {
      writer.key("dossier").boolean(true);
      writer.key("dossier_heading").string(kind->dossier_heading->text);
    }
    if (kind->modes_setting) {
      writer.key("task_prompts").raw(mode_prompts(call, *kind->modes_setting));
    }
    if (kind->character_prompt) {
      turn::write_companion(writer, {.user_word = user_word,
                                     .character_prompt = kind->character_prompt->text,
                                     .character_prompt_label = kind->character_prompt->label});
    }
    writer.end_object();
  }
  writer.end_object();
  return described;
}

}  // namespace fabula::engine

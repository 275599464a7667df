#include "tests/sim/peers/scripted_novel.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "shared/story/length.hpp"
#include "shared/text/split.hpp"
#include "tests/sim/peers/scripted_model.hpp"

namespace fabula::tests {

ScriptedNovel::ScriptedNovel(sim::World& world, ScriptedDatabase& database) : world_(world) {
  settings.persona = "Mystery Novelist";
  settings.story_setting = "A harbour town.";
  settings.character_input = "Mara, who keeps the lighthouse.";
  settings.plot_elements = "Letters that come from the sea.";
  settings.writing_style = "Narrative";
  settings.story_tone = "Mysterious";
  settings.narrative_pov = "Third Person Limited";
  settings.audience_age_group = "Adults (18+)";
  settings.content_rating = "PG";
  settings.ending_preference = "Twist";
  settings.story_length = "Short";
  settings.target_words = 1'000;
  settings.language = "en";
  auto& functions = database.functions;
  functions["claim_step"] = [this](const json::Document& request) { return claim(request); };
  functions["commit_step"] = [this](const json::Document& request) { return commit(request); };
  functions["fail_step"] = [this](const json::Document& request) { return fail(request); };
  functions["save_story_draft"] = [this](const json::Document& request) { return save(request); };
  functions["watch_story_task"] = [this](const json::Document& request) { return watch(request); };
  functions["record_model_calls"] = [this](const json::Document& request) {
    record(request);
    return Answer{200, "{}"};
  };
  functions["take_deleted_snapshots"] = [](const json::Document&) {
    return Answer{200, R"({"paths":[]})"};
  };
}

std::int64_t ScriptedNovel::length_written() const {
  std::int64_t sum = 0;
  for (const auto& scene : scenes) sum += scene.length;
  return sum;
}

ScriptedNovel::Scene* ScriptedNovel::next() {
  const auto found = std::find_if(scenes.begin(), scenes.end(),
                                  [](const Scene& scene) { return scene.text.empty(); });
  return found == scenes.end() ? nullptr : &*found;
}

void ScriptedNovel::add_event(const std::string& type, json::Document body) {
  events_.push_back({{"seq", events_.size() + 1}, {"type", type}, {"body", std::move(body)}});
}

bool ScriptedNovel::has_lease(const json::Document& request) const {
  return !is_over() && json::string_at(request, "lease_token") == token_ &&
         json::integer_at(request, "step") == step_;
}

void ScriptedNovel::record(const json::Document& request) {
  const auto* calls = json::find(request, "calls");
  if (!calls) return;
  for (const auto& call : *calls) model_calls.push_back(call);
}

json::Document ScriptedNovel::work() const {
  json::Document work = {{"payload", {{"route", route}}}, {"given", json::Document::object()}};
  work["story"] = {{"settings", *json::parse(story::canonical_json(settings))}, {"title", ""}};
  if (!premise.empty()) work["premise"] = {{"text", premise}, {"is_locked", false}};
  if (!scenes.empty()) work["outline"] = {{"version", 1}, {"is_locked", false}};
  std::int64_t written = 0;
  work["previous"] = json::Document::array();
  work["recaps"] = json::Document::array();
  work["later"] = json::Document::array();
  work["unrecapped"] = nullptr;
  work["next"] = nullptr;
  const auto* wanted = next();
  for (std::size_t at = 0; at < scenes.size(); ++at) {
    const auto& scene = scenes[at];
    const auto part_id = "part-" + std::to_string(at);
    if (!scene.text.empty()) {
      ++written;
      work["previous"].insert(
          work["previous"].begin(),
          {{"number", at + 1}, {"title", scene.plan["title"]}, {"text", scene.text}});
      if (work["previous"].size() > 2) work["previous"].erase(2);
      if (scene.recap.empty() && work["unrecapped"].is_null()) {
        work["unrecapped"] = {{"part_id", part_id},         {"kind", "scene"},
                              {"number", at + 1},           {"title", scene.plan["title"]},
                              {"description", "A letter."}, {"text", scene.text}};
      }
      if (!scene.recap.empty()) {
        work["recaps"].push_back(
            {{"number", at + 1}, {"title", scene.plan["title"]}, {"recap", scene.recap}});
      }
    } else if (&scene == wanted) {
      work["next"] = scene.plan;
      work["next"].update({{"part_id", part_id},
                           {"chapter", 1},
                           {"weight", 1},
                           {"pieces", scene.pieces},
                           {"retries", scene.retries},
                           {"draft", scene.draft},
                           {"findings", scene.findings}});
      work["is_last"] = at + 1 == scenes.size();
    } else {
      work["later"].push_back(scene.plan);
    }
  }
  work["totals"] = {{"scenes", scenes.size()},
                    {"scenes_written", written},
                    {"length_written", length_written()},
                    {"weight_left", static_cast<std::int64_t>(scenes.size()) - written},
                    {"asked", asked_},
                    {"made", made_}};
  work["facts"] = {{"text", "- character: Mara; age: 34"}};
  if (!draft_.empty()) work["saved"] = {{"text", draft_}, {"attempt", draft_attempt_}};
  return work;
}

ScriptedDatabase::Answer ScriptedNovel::claim(const json::Document& request) {
  const auto now_ms = world_.clock().now_ms();
  const auto* kinds = json::find(request, "kinds");
  const bool is_mine = kinds && std::find(kinds->begin(), kinds->end(), "story") != kinds->end();
  if (!is_mine || is_over() || status == "paused" || now_ms < std::max(leased_until_ms_, due_ms_)) {
    return {200, R"({"step":null})"};
  }
  status = "processing";
  ++attempts_;
  token_ = "lease-" + std::to_string(++claims_);
  leased_until_ms_ = now_ms + 1000 * json::integer_at(request, "lease_seconds").value_or(60);
  auto step = work();
  step.update({{"job_id", kJob},
               {"step", step_},
               {"kind", "story"},
               {"lease_token", token_},
               {"attempts", attempts_}});
  return {200, json::dump({{"step", step}})};
}

void ScriptedNovel::store(const json::Document& made) {
  const auto did = made["did"];
  if (did == "premise") premise = made["text"];
  if (did == "outline") {
    for (const auto& plan : made["scenes"]) scenes.push_back(Scene{.plan = plan});
  }
  if (did == "piece" || did == "scene" || did == "recap") {
    const auto part = made["part_id"].get<std::string>();
    auto& scene = scenes.at(static_cast<std::size_t>(std::stoi(part.substr(5))));
    if (did == "recap") {
      scene.recap = made["text"];
    } else if (made.contains("rejected")) {
      rejected.push_back(made["text"]);
      scene.retries += 1;
      scene.findings = made["findings"];
    } else {
      asked_ += made["asked"].get<std::int64_t>();
      made_ += made["made"].get<std::int64_t>();
      scene.retries = 0;
      scene.findings = json::Document::array();
      if (did == "scene") {
        scene.text = made["text"];
        scene.length = made["length"];
        scene.times_stored += 1;
        add_event("part", {{"kind", "scene"}, {"part_id", part}});
      } else {
        scene.pieces += 1;
        scene.draft += (scene.draft.empty() ? "" : "\n\n") + made["text"].get<std::string>();
      }
    }
  }
}

ScriptedDatabase::Answer ScriptedNovel::commit(const json::Document& request) {
  if (!has_lease(request)) {
    // The answer of a commit that was stored has got lost.
    if (json::string_at(request, "lease_token") == token_) {
      return {200, R"({"status":"done","already":true})"};
    }
    ++refused;
    return ScriptedDatabase::refusal("PT409", "stale_lease");
  }
  record(request);
  result = *json::find(request, "result");
  results.push_back(result);
  store(result);
  progress = std::max(progress, result["progress"].get<std::int64_t>());
  add_event("progress", {{"progress", progress}, {"message", result["message"]}});
  draft_.clear();
  draft_attempt_ = 0;
  ++step_;
  attempts_ = 0;
  leased_until_ms_ = 0;
  if (json::boolean_at(result, "is_last_step").value_or(false)) {
    status = "completed";
    progress = 100;
    is_complete = json::boolean_at(result, "is_complete").value_or(false);
    add_event("status", {{"status", status}});
  }
  return {200, R"({"status":"done","already":false})"};
}

ScriptedDatabase::Answer ScriptedNovel::fail(const json::Document& request) {
  if (!has_lease(request)) return ScriptedDatabase::refusal("PT409", "stale_lease");
  record(request);
  ++failures;
  token_.clear();
  leased_until_ms_ = 0;
  due_ms_ = world_.clock().now_ms() + 1'000;
  error = json::string_at(request, "error").value_or("");
  if (json::boolean_at(request, "is_final").value_or(false)) {
    status = "failed";
    return {200, R"({"status":"failed"})"};
  }
  return {200, R"({"status":"queued"})"};
}

ScriptedDatabase::Answer ScriptedNovel::save(const json::Document& request) {
  if (!has_lease(request)) {
    ++refused;
    return ScriptedDatabase::refusal("PT409", "stale_lease");
  }
  const auto attempt = *json::integer_at(request, "attempt");
  if (attempt > draft_attempt_) draft_.clear();
  draft_attempt_ = attempt;
  draft_part_ = *json::find(request, "part");
  const auto from_byte = static_cast<std::size_t>(*json::integer_at(request, "from_byte"));
  const auto text = std::string(*json::string_at(request, "text"));
  if (from_byte <= draft_.size() && from_byte + text.size() > draft_.size()) {
    draft_ += text.substr(draft_.size() - from_byte);
  }
  leased_until_ms_ =
      std::max(leased_until_ms_,
               world_.clock().now_ms() + 1000 * *json::integer_at(request, "lease_seconds"));
  return {200, json::dump({{"saved_bytes", draft_.size()}, {"is_cancelled", false}})};
}

ScriptedDatabase::Answer ScriptedNovel::watch(const json::Document& request) {
  if (json::string_at(request, "task_id") != kJob) {
    return ScriptedDatabase::refusal("PT404", "not_found");
  }
  json::Document task = {{"task_id", kJob},
                         {"status", status},
                         {"progress", progress},
                         {"message", "..."},
                         {"draft", nullptr},
                         {"events", json::Document::array()},
                         {"reading_session_id", nullptr}};
  const auto after = *json::integer_at(request, "after_seq");
  for (const auto& event : events_) {
    if (event["seq"].get<std::int64_t>() > after) task["events"].push_back(event);
  }
  auto from = static_cast<std::size_t>(*json::integer_at(request, "draft_after_bytes"));
  const bool is_same = json::integer_at(request, "draft_step") == step_ &&
                       json::integer_at(request, "draft_attempt") == draft_attempt_;
  if (!is_same || from > draft_.size()) from = 0;
  if (from < draft_.size()) {
    task["draft"] = {{"step", step_},
                     {"attempt", draft_attempt_},
                     {"part", draft_part_},
                     {"from_byte", from},
                     {"text", draft_.substr(from)}};
  }
  return {200, json::dump(task)};
}

StoryModel::StoryModel(sim::World& world, const std::string& base_url) : world_(world) {
  world.serve(base_url + "/chat/completions", [this](auto exchange) { answer(exchange); });
}

std::string StoryModel::prose(const std::string& question) {
  constexpr std::string_view kBefore = "Write about ";
  const auto at = question.rfind(kBefore);
  const double asked = std::stod(question.substr(at + kBefore.size()));
  const auto wanted = std::llround(asked * multiple());
  constexpr std::array<std::string_view, 40> kWords{
      "harbour", "lantern", "window", "gull",    "rope",    "stair",  "candle", "letter",
      "bottle",  "tide",    "mirror", "anchor",  "kettle",  "ribbon", "chapel", "garden",
      "basket",  "pillow",  "hammer", "bridge",  "orchard", "barrel", "saddle", "violin",
      "thimble", "cellar",  "copper", "feather", "kitchen", "marble", "needle", "oyster",
      "pepper",  "quarry",  "rudder", "shutter", "timber",  "velvet", "walnut", "cradle"};
  const auto word = [&] {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    return std::string(kWords[random_ % kWords.size()]);
  };
  std::string text;
  // The events of the scene happen, once.
  const auto scene = question.find("THE SCENE TO WRITE");
  const bool is_begun = question.find("TEXT OF THIS SCENE SO FAR") != std::string::npos;
  std::string rest = question.substr(scene == std::string::npos ? 0 : scene);
  rest = rest.substr(0, rest.find("\n\n"));
  for (auto event = rest.find("\n- "); !is_begun && event != std::string::npos;) {
    const auto end = std::min(rest.find('\n', event + 3), rest.size());
    text += rest.substr(event + 3, end - event - 3) + " ";
    event = rest.find("\n- ", end);
  }
  while (story::length(text, story::Unit::words) < wanted) {
    text += "She took the " + word() + " from the " + word() + " and saw that the " + word() +
            " was under the " + word() + ". ";
  }
  text.pop_back();
  return text;
}

std::string StoryModel::text_for(const std::string& system, const std::string& question) {
  if (system.find("You are the author") != std::string::npos) return prose(question);
  if (system.find("You think of stories") != std::string::npos) {
    return "Mara keeps the lighthouse and finds letters from a man who drowned.";
  }
  if (system.find("You keep track") != std::string::npos) {
    return "Mara found another letter and hid it.";
  }
  constexpr std::array<std::string_view, 5> kThings{"a torn map", "an iron key", "a child's shoe",
                                                    "a wedding ring", "a broken compass"};
  json::Document outline = {{"scenes", json::Document::array()}};
  for (std::size_t at = 0; at < kThings.size(); ++at) {
    const std::string thing(kThings[at]);
    outline["scenes"].push_back({{"number", at + 1},
                                 {"title", "The letter with " + thing},
                                 {"description", "Mara finds a letter and " + thing + "."},
                                 {"characters", {"Mara"}},
                                 {"key_events", {"Mara discovers " + thing + " at the pier."}},
                                 {"image_prompt", "A lighthouse and " + thing},
                                 {"narration", "The sea gave back " + thing + "."}});
  }
  return json::dump(outline);
}

void StoryModel::answer(const std::shared_ptr<sim::Exchange>& exchange) {
  const auto number = questions.size();
  const auto body = *json::parse(exchange->body);
  std::string system;
  std::string question;
  for (const auto& message : body["messages"]) {
    (message["role"] == "system" ? system : question) = message["content"];
  }
  questions.push_back(question);
  systems.push_back(system);
  if (status != 200) {
    world_.clock().after(20, [exchange, status = status] {
      exchange->respond(status, "content-type: application/json\n");
      exchange->send(R"({"error":{"message":"no"}})");
      exchange->end();
    });
    return;
  }
  const auto other = instead(number, system);
  const std::string text = preface + (other ? *other : text_for(system, question));
  std::int64_t at_ms = 20;
  world_.clock().after(at_ms,
                       [exchange] { exchange->respond(200, "content-type: text/event-stream\n"); });
  const int limit = breaks_after(number);
  int words = 0;
  std::string piece;
  const auto send = [&](const std::string& bytes) {
    at_ms += gap_ms;
    world_.clock().after(at_ms, [exchange, bytes] { exchange->send(bytes); });
  };
  text::Splitter parts(text, ' ');
  bool is_first = true;
  while (const auto part = parts.next()) {
    if (limit >= 0 && words >= limit) {
      world_.clock().after(at_ms + 1, [exchange] { exchange->break_connection(); });
      return;
    }
    piece.append(is_first ? "" : " ").append(*part);
    is_first = false;
    if (++words % 10 != 0) continue;
    send(text_event(piece));
    piece.clear();
  }
  if (!piece.empty()) send(text_event(piece));
  send(reports_usage
           ? end_events(finish_reason)
           : "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
  world_.clock().after(at_ms, [exchange] { exchange->end(); });
}

}  // namespace fabula::tests

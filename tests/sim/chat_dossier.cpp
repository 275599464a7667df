// A chat turn and its project's dossier: the text in the prompt, the messages left to read, and the
// wait for reading them.
#include <algorithm>
#include <string>
#include <string_view>

#include "generated/prompts.hpp"
#include "tests/sim/route_world.hpp"

using namespace fabula;
using namespace fabula::tests;
using Fault = ScriptedDatabase::Fault;

namespace {

json::Document view(int version, bool is_pending) {
  return {{"version", version}, {"pending", is_pending}, {"updated", version > 4}};
}

struct DossierWorld : ChatWorld {
  DossierWorld() : ChatWorld(1) {
    model.tell(kStory, 1);
    database.dossier = view(4, true);
  }

  // After so many looks the work is done.
  void done_after(int looks) {
    database.fault = [this, looks](const std::string& function) {
      finishes += function == "finish_turn" ? 1 : 0;
      if (finishes > looks) database.dossier = view(7, false);
      return Fault::none;
    };
  }

  std::size_t called(std::string_view function) const {
    return static_cast<std::size_t>(
        std::count(database.calls.begin(), database.calls.end(), function));
  }

  const json::Document& request_of(std::string_view function) const {
    const auto at = std::find(database.calls.begin(), database.calls.end(), function);
    REQUIRE(at != database.calls.end());
    return database.requests[static_cast<std::size_t>(at - database.calls.begin())];
  }

  int finishes = 0;
};

std::vector<json::Document> metadata_of(const sim::Client& client) {
  std::vector<json::Document> all;
  for (const auto& event : read_events(client).others) {
    if (json::string_at(event, "type") == "metadata") all.push_back(event["metadata"]);
  }
  return all;
}

}  // namespace

TEST_CASE("the prompt has what is known of the story, between persona and summary") {
  DossierWorld chat;
  chat.database.told = std::string(prompts::kDossierHeading.text) + "- character: Mara";
  chat.database.summary = "They met.";
  chat.talk("Go on.");
  const auto body = *json::parse(chat.model.exchanges.at(0)->body);
  const auto system = *json::string_at(body["messages"][0], "content");
  const auto begin = std::string(prompts::kChat.text) + chat.database.told;
  CHECK(system.starts_with(begin));
  CHECK(system.ends_with("They met."));
  CHECK(json::string_at(chat.request_of("begin_turn"), "dossier_heading") ==
        prompts::kDossierHeading.text);
}

TEST_CASE("the metadata says how the dossier stands, and nothing where there is none") {
  DossierWorld chat;
  const auto& client = chat.talk("Mara is 34.");
  const auto metadata = metadata_of(client);
  REQUIRE(metadata.size() == 1);
  CHECK(json::integer_at(metadata[0], "dossier_version") == 4);
  CHECK(json::boolean_at(metadata[0], "dossier_pending") == true);
  CHECK(json::boolean_at(metadata[0], "dossier_updated") == false);
  CHECK(chat.called("finish_turn") == 1);

  DossierWorld none;
  none.database.dossier = nullptr;
  const auto bare = metadata_of(none.talk("Mara is 34."));
  CHECK_FALSE(json::find(bare.at(0), "dossier_version"));
}

TEST_CASE("a turn is to be read when it says something, and what it is about decides") {
  const auto marks = [](const std::string& text, const std::string& reply_before,
                        const std::string& more = {}) {
    DossierWorld chat;
    std::string session;
    if (!reply_before.empty()) {
      chat.model.tell(reply_before, 1);
      chat.talk("Go on.");
      session = R"(,"session_id":")" + ScriptedDatabase::make_id(1) + "\"";
      chat.database.calls.clear();
      chat.database.requests.clear();
    }
    chat.post(R"({"text":")" + text + "\"" + session + more + "}");
    chat.world.run();
    const auto says = [&](const char* function) {
      return json::boolean_at(chat.request_of(function), "extract").value_or(false);
    };
    return std::pair(says("begin_turn"), says("finish_turn"));
  };
  using Marks = std::pair<bool, bool>;
  CHECK(marks("Mara is 34.", "") == Marks(true, true));
  CHECK(marks("Thanks!", "") == Marks(false, false));
  CHECK(marks("Thanks!", "Is she old?") == Marks(false, false));
  CHECK(marks("Go on.", "Is she old?") == Marks(false, false));
  CHECK(marks("Yes!", "Is she old?") == Marks(false, true));
  CHECK(marks("Yes!", "She is old.") == Marks(false, false));
  CHECK(marks("Go on.", "She is old.", R"(,"task":"scene")") == Marks(false, true));
}

TEST_CASE("who waits for the dossier is told again when it has taken the turn up") {
  DossierWorld chat;
  chat.done_after(3);
  auto& client = chat.post(R"({"text":"Mara is 34.","await_dossier":true})");
  chat.world.run();
  const auto metadata = metadata_of(client);
  REQUIRE(metadata.size() == 2);
  CHECK(json::boolean_at(metadata[0], "dossier_pending") == true);
  CHECK(json::boolean_at(metadata[1], "dossier_pending") == false);
  CHECK(json::integer_at(metadata[1], "dossier_version") == 7);
  CHECK(json::boolean_at(metadata[1], "dossier_updated") == true);
  CHECK(json::string_at(metadata[1], "message_id") == json::string_at(metadata[0], "message_id"));
  CHECK(json::string_at(read_events(client).others.back(), "type") == "done");
  CHECK(chat.called("finish_turn") == 4);
  CHECK(chat.world.unfinished_requests() == 0);
  CHECK(chat.world.open_exchanges() == 0);
}

TEST_CASE("who waits for the dossier reads what was said, and hears of it at once") {
  const std::string nothing = R"({"characters":[],"locations":[],"objects":[],"themes":[],
    "plot_points":[],"open_questions":[],"story":[],"renames":[],"retractions":[]})";
  DossierWorld chat;
  chat.model.first_answers = {stream(text_event("I see.") + end_events()),
                              stream(text_event(nothing) + end_events())};
  chat.database.answers["claim_step"] = R"({"step":{"job_id":"j","step":1,"lease_token":"l",
    "kind":"dossier_extraction","user_id":"u","project_id":"00000000-0000-4000-8000-000000000001",
    "before":[],"messages":[{"message_id":"00000000-0000-4000-8000-000000000011","role":"user",
      "text":"Mara is 34.","from_byte":0,"to_byte":11,"created_at":1000}]}})";
  chat.database.answers["read_dossier_log"] = R"({"project_id":"p","user_id":"u","name":"n",
    "head":0,"folded_to":0,"log_start":0,"snapshot":null,"entries":[]})";
  chat.database.answers["commit_step"] = R"({"status":"done","already":false,
    "dossier":{"head":0,"added":0,"folded_to":0,"log_start":0,"tail":null}})";
  chat.database.fault = [&](const std::string& function) {
    if (function == "commit_step") chat.database.dossier = view(7, false);
    return Fault::none;
  };
  auto& client = chat.post(R"({"text":"Mara is 34.","await_dossier":true})");
  chat.world.run();
  const auto metadata = metadata_of(client);
  REQUIRE(metadata.size() == 2);
  CHECK(json::boolean_at(metadata[1], "dossier_pending") == false);
  CHECK(chat.request_of("claim_step").find("session_id") != chat.request_of("claim_step").end());
  CHECK(json::dump(*json::find(chat.request_of("claim_step"), "kinds")) ==
        R"(["dossier_extraction"])");
  CHECK(chat.called("commit_step") == 1);
  CHECK(chat.called("finish_turn") == 2);
  const auto log = *json::parse(chat.world.log().back());
  CHECK(log["attempts"] == 1);  // for the turn
  CHECK(chat.world.unfinished_requests() == 0);
  CHECK(chat.world.open_exchanges() == 0);

  // A client that leaves meanwhile does not undo work that has begun.
  DossierWorld left;
  left.model.first_answers = {stream(text_event("I see.") + end_events())};
  left.model.tell(nothing, 500);
  left.database.answers = chat.database.answers;
  auto& gone = left.post(R"({"text":"Mara is 34.","await_dossier":true})");
  left.world.run_for(1500);
  gone.leave();
  left.world.run();
  CHECK(left.called("commit_step") == 1);
  CHECK(left.world.unfinished_requests() == 0);
}

TEST_CASE("a turn that waits for the dossier does every step that is left") {
  const std::string nothing = R"({"characters":[],"locations":[],"objects":[],"themes":[],
    "plot_points":[],"open_questions":[],"story":[],"renames":[],"retractions":[]})";
  const auto step = [](int number) {
    return R"({"step":{"job_id":"j","step":)" + std::to_string(number) + R"(,"lease_token":"l",
      "kind":"dossier_extraction","user_id":"u",
      "project_id":"00000000-0000-4000-8000-000000000001","before":[],"messages":[{
        "message_id":"00000000-0000-4000-8000-000000000011","role":"user",
        "text":"Mara is 34.","from_byte":0,"to_byte":11,"created_at":1000}]}})";
  };
  DossierWorld chat;
  chat.model.first_answers = {
      stream(text_event("I see.") + end_events()), stream(text_event(nothing) + end_events()),
      stream(text_event(nothing) + end_events()), stream(text_event(nothing) + end_events())};
  chat.database.answers["read_dossier_log"] = R"({"project_id":"p","user_id":"u","name":"n",
    "head":0,"folded_to":0,"log_start":0,"snapshot":null,"entries":[]})";
  chat.database.answers["commit_step"] = R"({"status":"queued","already":false,
    "dossier":{"head":0,"added":0,"folded_to":0,"log_start":0,"tail":null}})";
  chat.database.fault = [&](const std::string& function) {
    if (function == "claim_step") {
      chat.database.answers["claim_step"] = step(static_cast<int>(chat.called("commit_step")) + 1);
    }
    if (function == "commit_step" && chat.called("commit_step") == 2) {
      chat.database.dossier = view(7, false);
    }
    return Fault::none;
  };
  auto& client = chat.post(R"({"text":"Mara is 34.","await_dossier":true})");
  chat.world.run();
  const auto metadata = metadata_of(client);
  REQUIRE(metadata.size() == 2);
  CHECK(json::boolean_at(metadata[1], "dossier_pending") == false);
  CHECK(chat.called("commit_step") == 2);
  CHECK(chat.world.unfinished_requests() == 0);
}

TEST_CASE("nobody waits for ever, nor for what is done, nor in vain") {
  DossierWorld slow;
  auto& patient = slow.post(R"({"text":"Mara is 34.","await_dossier":true})");
  slow.world.run();
  CHECK(metadata_of(patient).size() == 2);
  CHECK(json::string_at(read_events(patient).others.back(), "type") == "done");
  CHECK(read_events(patient).comments >= 10);
  CHECK(slow.called("finish_turn") == 21);
  const auto log = *json::parse(slow.world.log().back());
  CHECK(log["latency_ms"].get<int>() > 45'000);
  CHECK(log["latency_ms"].get<int>() < 75'000);

  DossierWorld done;
  done.database.dossier = view(7, false);
  auto& quick = done.post(R"({"text":"Thanks.","await_dossier":true})");
  done.world.run();
  CHECK(metadata_of(quick).size() == 2);
  CHECK(done.called("finish_turn") == 1);

  DossierWorld failed;
  answer_always(failed.model, refusal(401));
  auto& refused = failed.post(R"({"text":"Mara is 34.","await_dossier":true})");
  failed.world.run();
  CHECK(failed.called("finish_turn") == 1);
  CHECK_FALSE(read_events(refused).find("done"));
}

TEST_CASE("a look that fails is made again, and an isolate that ends looks no more") {
  DossierWorld chat;
  int looks = 0;
  chat.database.fault = [&](const std::string& function) {
    if (function != "finish_turn") return Fault::none;
    ++looks;
    if (looks == 5) chat.database.dossier = view(7, false);
    return looks >= 2 && looks <= 4 ? Fault::answer_503 : Fault::none;
  };
  auto& client = chat.post(R"({"text":"Mara is 34.","await_dossier":true})");
  chat.world.run();
  CHECK(json::integer_at(metadata_of(client).at(1), "dossier_version") == 7);

  DossierWorld ending;
  auto& cut = ending.post(R"({"text":"Mara is 34.","await_dossier":true})");
  ending.world.run_for(5000);
  ending.world.announce_end_of_isolate();
  ending.world.run();
  CHECK(json::string_at(read_events(cut).others.back(), "type") == "done");
  CHECK(ending.called("finish_turn") < 15);
  CHECK(ending.world.unfinished_requests() == 0);
}

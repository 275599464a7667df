#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "shared/database/account.hpp"
#include "shared/database/bot.hpp"
#include "shared/database/dossier.hpp"
#include "shared/database/job.hpp"
#include "shared/database/metrics.hpp"
#include "shared/database/project.hpp"
#include "shared/database/turn.hpp"

using namespace fabula;

namespace {

const auth::Principal kUser{auth::Principal::Kind::user, "supabase", "u", ""};
const auth::Principal kGuest{auth::Principal::Kind::guest, "", "", "ab12"};
#define USER R"({"kind":"user","issuer":"supabase","subject":"u"})"
#define GUEST R"({"kind":"guest","token_hash":"ab12"})"

template <class Answer>
void check_our_fault(const Result<Answer>& answer, std::string_view function) {
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::internal_error);
  CHECK(answer.error().cause.starts_with(function));
}

}  // namespace

TEST_CASE("a call's body names its one argument") {
  CHECK(database::body_of("{}") == R"({"request":{}})");
  CHECK(database::kReadMetrics.body({}) == R"({"request":{}})");
  CHECK(database::kLookAtFinishedTurn.body({"g"}) == R"({"request":{"generation_id":"g"}})");
}

TEST_CASE("a log is read after what is known, as somebody or for its owner") {
  CHECK(database::kReadDossierLog.request({&kUser, "p\"1", 41}) ==
        R"({"project_id":"p\"1","principal":)" USER R"(,"after":41})");
  CHECK(database::kReadDossierLog.request({nullptr, "p", 0, 7}) ==
        R"({"project_id":"p","principal":null,"after":0,"until":7})");
}

TEST_CASE("a log's answer says where it stands; rows may be none") {
  const auto some = database::kReadDossierLog.answer(
      R"({"head":9,"entries":[],"folded_to":8,"log_start":1,"tail":null})");
  REQUIRE(some);
  CHECK(some->head == 9);
  CHECK(some->folded_to == 8);
  CHECK(some->log_start == 1);
  CHECK(some->has_rows);
  const auto none =
      database::kCommitAssertions.answer(R"({"head":9,"folded_to":9,"log_start":1,"tail":null})");
  REQUIRE(none);
  CHECK_FALSE(none->has_rows);
  for (const char* answer :
       {"", "[]", R"({"head":9,"folded_to":9})", R"({"head":-1,"folded_to":9,"log_start":1})",
        R"({"head":"9","folded_to":9,"log_start":1})",
        R"({"head":9,"folded_to":9,"log_start":1,"entries":[1]})",
        R"({"head":9,"folded_to":9,"log_start":1,"entries":{}})"}) {
    CAPTURE(answer);
    check_our_fault(database::kReadDossierLog.answer(answer), "read_dossier_log ");
  }
}

TEST_CASE("a commit says what it folded, and leaves out what is too large") {
  const std::vector<dossier::EntryRow> rows{{"ff", dossier::EntryKind::extracted, "m", "{}"}};
  const database::DossierCommit whole{
      .base = 4, .rows = rows, .snapshot = R"({"a":1})", .facts = R"({"b":2})"};
  CHECK(database::kCommitAssertions.request({&kUser, "p", whole, "4"}) ==
        R"({"project_id":"p","principal":)" USER R"(,"base":4,"assertions":[{"assertion_id":"ff",)"
        R"("kind":"extracted","body":{},"message_id":"m"}],"snapshot":{"a":1},"facts":{"b":2},)"
        R"("if_match":"4"})");
  const database::DossierCommit bare{.base = 0, .rows = {}, .snapshot = {}, .facts = {}};
  CHECK(database::kCommitAssertions.request({nullptr, "p", bare}) ==
        R"({"project_id":"p","principal":null,"base":0,"assertions":[]})");
}

TEST_CASE("a commit of a dossier has its snapshot and its facts") {
  dossier::Dossier nothing;
  const auto commit = database::make_commit(nothing, 3, {});
  CHECK(commit.base == 3);
  CHECK(commit.snapshot.starts_with(R"({"characters":[])"));
  CHECK(commit.facts.starts_with("{"));
}

TEST_CASE("a stored dossier is current when its version is the log's head") {
  const auto current = database::kReadDossier.answer(R"({"body":{},"head":7,"etag":"7"})");
  REQUIRE(current);
  CHECK(current->is_current);
  CHECK(current->envelope == R"({"body":{},"head":7,"etag":"7"})");
  CHECK_FALSE(database::kReadDossier.answer(R"({"body":{},"head":8,"etag":"7"})")->is_current);
  for (const char* answer : {"", "{}", R"({"head":7})", R"({"head":7,"etag":7})"}) {
    CAPTURE(answer);
    check_our_fault(database::kReadDossier.answer(answer), "read_dossier ");
  }
  CHECK(database::kReadDossier.request({kUser, "p"}) == R"({"project_id":"p","principal":)" USER
                                                        "}");
}

TEST_CASE("an import is sent as its steps, each with its chapter and its text") {
  const dossier::ImportPlan plan{.text = "One.Two.",
                                 .title = "T",
                                 .chapters = {{"A", 0, 4}, {"B", 4, 8}},
                                 .steps = {{0, 0, 4}, {1, 4, 8}}};
  CHECK(database::kStartImport.request({kUser, "p", "T", plan}) ==
        R"({"chapters":2,"steps":[{"chapter":1,"chapter_title":"A","from_byte":0,"text":"One."},)"
        R"({"chapter":2,"chapter_title":"B","from_byte":4,"text":"Two."}],"project_id":"p",)"
        R"("title":"T","principal":)" USER "}");
}

TEST_CASE("a project is created by its name, and answers its id") {
  CHECK(database::kCreateProject.request({kUser, "A \"name\""}) ==
        R"({"body":{"name":"A \"name\""},"principal":)" USER "}");
  CHECK(database::kCreateProject.answer(R"({"body":{"project_id":"p"}})")->project_id == "p");
  for (const char* answer : {"", "{}", R"({"body":{}})", R"({"body":{"project_id":1}})"}) {
    CAPTURE(answer);
    check_our_fault(database::kCreateProject.answer(answer), "create_project ");
  }
}

TEST_CASE("a guest's things are given to who is calling, both as they were proven") {
  CHECK(database::kMigrateGuest.request({kGuest, R"({"guest_token":"t"})", kUser}) ==
        R"({"guest":)" GUEST R"(,"body":{"guest_token":"t"},"principal":)" USER "}");
}

TEST_CASE("what a step has found is stored with its dossier, and what others have added is told") {
  const database::DossierCommit commit{.base = 4, .rows = {}, .snapshot = "{}", .facts = {}};
  std::string result;
  json::Writer writer(result);
  writer.begin_object();
  database::write_commit(writer, commit);
  writer.end_object();
  CHECK(result == R"({"base":4,"assertions":[],"snapshot":{}})");
  const auto stored = database::read_tail(R"({"head":5,"folded_to":5,"log_start":0,"tail":null})");
  REQUIRE(stored);
  CHECK(stored->head == 5);
  CHECK_FALSE(stored->has_rows);
  CHECK_FALSE(database::read_tail(""));
}

TEST_CASE("only what changes nothing twice is asked again") {
  CHECK(database::kBeginTurn.retry.attempts == 1);
  CHECK(database::kAdmitTurn.retry.attempts == 2);
  CHECK(database::kReadDossierLog.retry.attempts == 2);
  CHECK(database::kFinishTurn.retry.attempts == 4);
  CHECK(database::kCommitStep.retry.attempts == 3);
  CHECK(database::kClaimStep.retry.attempts == 1);
}

TEST_CASE("a bot's number is reserved for somebody") {
  CHECK(database::kReserveBotId.request(kUser) == R"({"principal":)" USER "}");
  CHECK(database::kReserveBotId.answer(R"({"bot_id":7})") == 7);
  check_our_fault(database::kReserveBotId.answer(R"({"bot_id":"7"})"), "reserve_bot_id");
}

TEST_CASE("keys of bots to encrypt anew are plain or encrypted") {
  CHECK(database::kReadOutdatedBotKeys.request({"00ff", 41, 200}) ==
        R"({"key_id":"00ff","after_bot_id":41,"max_keys":200})");
  const auto outdated = database::kReadOutdatedBotKeys.answer(
      R"({"left":9,"keys":[{"bot_id":42,"version":"v","access_key":"sk-plain"},)"
      R"({"bot_id":43,"version":"w","access_key":{"key_id":"ee","ciphertext":"c"}}]})");
  REQUIRE(outdated);
  CHECK(outdated->left == 9);
  REQUIRE(outdated->keys.size() == 2);
  CHECK(outdated->keys[0].bot_id == 42);
  CHECK(outdated->keys[0].version == "v");
  CHECK(outdated->keys[0].plain == "sk-plain");
  CHECK_FALSE(outdated->keys[0].encrypted);
  CHECK(outdated->keys[1].plain.empty());
  REQUIRE(outdated->keys[1].encrypted);
  CHECK(outdated->keys[1].encrypted->key_id == "ee");
  for (const char* answer :
       {"", "[]", R"({"left":1})", R"({"left":1,"keys":{}})", R"({"left":"1","keys":[]})",
        R"({"left":1,"keys":[1]})", R"({"left":1,"keys":[{"bot_id":1,"version":"v"}]})",
        R"({"left":1,"keys":[{"bot_id":1,"version":"v","access_key":{"key_id":"e"}}]})"}) {
    CAPTURE(answer);
    check_our_fault(database::kReadOutdatedBotKeys.answer(answer), "read_outdated_bot_keys");
  }
}

TEST_CASE("keys of bots are replaced in one call") {
  CHECK(database::kReplaceBotKeys.request({{42, "v", {"ff", "c"}}, {43, "w", {"ff", "d"}}}) ==
        R"({"keys":[{"bot_id":42,"version":"v","encrypted_key":{"key_id":"ff","ciphertext":"c"}},)"
        R"({"bot_id":43,"version":"w","encrypted_key":{"key_id":"ff","ciphertext":"d"}}]})");
  CHECK(database::kReplaceBotKeys.answer(R"({"replaced":2})") == 2);
  check_our_fault(database::kReplaceBotKeys.answer("{}"), "replace_bot_keys");
}

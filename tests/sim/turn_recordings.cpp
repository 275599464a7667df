// Checks that 1,000 random turns send the same to clients, database and models as when they were
// recorded: messages, other takes, continuations, bots, followers, and clients that come back.
//
// tests/sim/recordings has a digest of each turn, and the whole text of some of them, so that a
// difference can be read. After an intended change, record them anew:
//
//   FABULA_RECORD=1 build/native-asan/sim --source-file=*turn_recordings.cpp
#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "tests/sim/peers/chance_turn.hpp"

using namespace fabula;
using fabula::tests::ChanceRequest;
using fabula::tests::ChanceTurn;
using Kind = ChanceRequest::Kind;

namespace {

constexpr std::uint64_t kTurns = 1000;
// Every kind, with and without a follower.
constexpr std::array<std::uint64_t, 12> kWhole = {1, 2, 3, 4, 5, 6, 7, 8, 37, 62, 141, 500};

const std::string kFolder = FABULA_SOURCE_DIR "/tests/sim/recordings/";

bool is_whole(std::uint64_t seed) {
  for (const auto whole : kWhole) {
    if (whole == seed) return true;
  }
  return false;
}

// FNV-1a (Fowler, Noll, Vo), which is good enough to notice changes.
std::string digest_of(std::string_view text) {
  std::uint64_t digest = 0xcbf29ce484222325u;
  for (const char byte : text) {
    digest = (digest ^ static_cast<unsigned char>(byte)) * 0x100000001b3u;
  }
  std::ostringstream digits;
  digits << std::hex << digest;
  return digits.str();
}

ChanceRequest request_of(std::uint64_t seed) {
  constexpr std::array kKinds = {Kind::message, Kind::relay, Kind::message, Kind::regenerate,
                                 Kind::message, Kind::relay, Kind::message, Kind::go_on};
  ChanceRequest request;
  request.kind = kKinds[seed % kKinds.size()];
  request.is_followed_by_name = seed / kKinds.size() % 2 == 1;
  if (seed % 3 == 0) request.more += R"(,"task":"scene")";
  if (seed % 5 == 0) request.more += R"(,"await_dossier":true)";
  return request;
}

std::string client_text(std::string_view name, const sim::Client& client) {
  std::string text = "== " + std::string(name) + "\n" + client.head() + "\n" + client.body();
  return text + (client.is_ended()    ? "== ends\n"
                 : client.is_broken() ? "== breaks\n"
                                      : "== open\n");
}

struct Recorded {
  std::string clients;
  std::string database;
  std::string models;
};

Recorded record(std::uint64_t seed) {
  ChanceTurn turn(seed, request_of(seed));
  turn.chat.database.summary = seed % 7 == 0 ? "A fox was here." : "";
  if (seed % 4 == 0) {
    turn.chat.database.told = "\n\nThe fox is red.";
    turn.chat.database.dossier = {{"version", 3}, {"pending", seed % 8 == 0}, {"updated", true}};
  }
  turn.play();
  Recorded recorded;
  recorded.clients = client_text("client", *turn.client);
  if (turn.follower) recorded.clients += client_text("follower", *turn.follower);
  if (turn.has_begun()) recorded.clients += client_text("late", turn.come_back());
  const auto& database = turn.chat.database;
  for (std::size_t i = 0; i < database.calls.size(); ++i) {
    recorded.database += "== " + database.calls[i] + "\n" + database.bodies[i] + "\n";
  }
  for (const auto* exchange : turn.requests_to_models()) {
    recorded.models += "== model\n" + exchange->head + "\n" + exchange->body + "\n";
  }
  return recorded;
}

// The text from the first line that differs.
std::string_view from_difference(std::string_view text, std::string_view other) {
  std::size_t line = 0;
  for (std::size_t i = 0; i < text.size() && i < other.size() && text[i] == other[i]; ++i) {
    if (text[i] == '\n') line = i + 1;
  }
  constexpr std::size_t kShown = 1500;
  return text.substr(line, kShown);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE_MESSAGE(file, path);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

void write_file(const std::string& path, std::string_view content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << content;
  REQUIRE_MESSAGE(file, path);
}

}  // namespace

TEST_CASE("turns by chance send what was recorded") {
  const bool is_recording = std::getenv("FABULA_RECORD") != nullptr;
  std::istringstream lines(is_recording ? "" : read_file(kFolder + "digests.txt"));
  std::string digests;
  int different = 0;
  for (std::uint64_t seed = 1; seed <= kTurns; ++seed) {
    CAPTURE(seed);
    const auto recorded = record(seed);
    const auto digest = std::to_string(seed) + " " + digest_of(recorded.clients) + " " +
                        digest_of(recorded.database) + " " + digest_of(recorded.models);
    const auto whole = recorded.clients + recorded.database + recorded.models;
    const auto path = kFolder + "turn-" + std::to_string(seed) + ".txt";
    if (is_recording) {
      digests += digest + "\n";
      if (is_whole(seed)) write_file(path, whole);
      continue;
    }
    std::string expected;
    REQUIRE(std::getline(lines, expected));
    if (digest == expected) continue;
    ++different;
    // The digests are of clients, database and models: the first that differs shows where.
    CHECK_MESSAGE(digest == expected, "what is sent differs");
    if (!is_whole(seed)) continue;
    const auto expected_whole = read_file(path);
    FAIL_CHECK("recorded: ", from_difference(expected_whole, whole),
               "\nnow: ", from_difference(whole, expected_whole));
  }
  CHECK(different == 0);
  if (is_recording) write_file(kFolder + "digests.txt", digests);
}

// A message's attachments: from where they are fetched and from where not, what the model gets, and
// that a message with unreadable attachments leaves nothing behind.
#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "shared/text/base64url.hpp"
#include "tests/sim/route_world.hpp"
#include "wasm/engine/attachments.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

const std::string kGuest = "authorization: Bearer fg_" + std::string(43, 'A') + "\n";

struct File {
  std::string type;
  std::string bytes;
  std::uint32_t status = 200;
  bool never_answers = false;
};

// Chat with a web of files, and models that see.
struct AttachmentsWorld : ChatWorld {
  AttachmentsWorld() : ChatWorld(1) {
    model.tell(kStory, 1);
    world.environment["FABULA_VISION_MODELS"] = "local:scripted,ollama:eyes";
    world.environment["FABULA_ATTACHMENT_HOSTS"] = "other.example, files.example";
    for (const std::string origin :
         {"https://", "http://db/storage", "http://files", "http://169"}) {
      world.serve(origin, [this](auto exchange) { serve(exchange); });
    }
  }

  std::map<std::string, File> files;
  std::vector<std::string> fetched;  // the heads of the requests

  sim::Client& attach(const std::string& list, const std::string& headers = kGuest) {
    auto& client = post(R"({"text":"Look.","attachments":)" + list + "}", headers);
    world.run();
    return client;
  }

  // The request of the newest turn that has begun or was to begin.
  const json::Document& begun() const {
    const auto& calls = database.calls;
    const auto newest = std::find(calls.rbegin(), calls.rend(), "begin_turn");
    REQUIRE(newest != calls.rend());
    return database.requests.at(static_cast<std::size_t>(calls.rend() - newest) - 1);
  }

  // The attachments' part of the only message's content, as the model got it.
  json::Document content() const {
    return (*json::parse(model.exchanges.back()->body))["messages"].back()["content"];
  }

 private:
  void serve(const std::shared_ptr<sim::Exchange>& exchange) {
    fetched.push_back(exchange->head);
    const auto found = files.find(exchange->url);
    const File file = found == files.end() ? File{"text/plain", "", 404} : found->second;
    if (file.never_answers) return;
    world.clock().after(5, [exchange, file] {
      exchange->respond(file.status, "content-type: " + file.type + "\n");
      exchange->send(file.bytes);
      exchange->end();
    });
  }
};

void check_refused(const AttachmentsWorld& chat, const sim::Client& client,
                   const std::string& words, std::uint32_t status = 422) {
  CAPTURE(client.body());
  CHECK(client.status() == status);
  CHECK(client.body().find(words) != std::string::npos);
  for (const auto& function : chat.database.calls) CHECK(function == "admit_turn");
  CHECK(chat.model.exchanges.empty());
  CHECK(chat.world.unfinished_requests() == 0);
}

}  // namespace

TEST_CASE("texts go before the message, wherever they come from, and are kept by their place") {
  AttachmentsWorld chat;
  chat.files["https://files.example/a.txt?sig=1"] = {"text/plain; charset=utf-8", "From afar."};
  const auto& client =
      chat.attach(R"([{"type":"text","url":"https://files.example/a.txt?sig=1","name":"far"},)"
                  R"({"type":"text","text":"At hand."}])");
  CHECK(read_events(client).text == kStory);
  CHECK(chat.content() ==
        "<attachment name=\"far\">\nFrom afar.\n</attachment>\n\n"
        "<attachment name=\"\">\nAt hand.\n</attachment>\n\nLook.");
  CHECK(chat.fetched.size() == 1);
  CHECK(chat.fetched[0].find("authorization") == std::string::npos);
  CHECK(json::dump(chat.begun()["message_metadata"]) ==
        R"({"attachments":[{"name":"far","text_read":"From afar.","tokens":8,"type":"text",)"
        R"("url":"https://files.example/a.txt?sig=1"},)"
        R"({"text":"At hand.","tokens":6,"type":"text"}]})");
}

TEST_CASE("texts beyond the budget keep their beginnings and ends, a note, and a fair share") {
  AttachmentsWorld chat;
  chat.world.environment["FABULA_HISTORY_TOKENS"] = "2000";  // half of them, at 4 bytes each
  const auto long_text = [](const std::string& beginning, const std::string& end) {
    std::string text = beginning;
    while (text.size() < 60'000) text += "\u00e4\u72d0 went up the stairs. ";
    return text + end;
  };
  const auto first = long_text("First of one. ", "Last of one.");
  const auto second = long_text("First of two. ", "Last of two.");
  chat.files["https://files.example/two.txt"] = {"text/plain", second};
  chat.attach(R"([{"type":"text","text":")" + first +
              R"("},{"type":"text","text":"The short one."},)"
              R"({"type":"text","url":"https://files.example/two.txt"}])");
  const auto content = std::string(chat.content());
  CHECK(content.size() <= 4'200);
  CHECK(content.size() > 3'600);
  for (const char* kept :
       {"First of one.", "Last of one.", "First of two.", "Last of two.", "\nThe short one.\n"}) {
    CAPTURE(kept);
    CHECK(content.find(kept) != std::string::npos);
  }
  const auto note = content.find(" bytes of this text are left out here");
  CHECK(content.find(" bytes of this text are left out here", note + 1) != std::string::npos);
  // The fetched text is stored whole, for later turns and for the dossier.
  const auto& kept = chat.begun()["message_metadata"]["attachments"];
  CHECK(kept[0]["text"] == first);
  CHECK(kept[2]["text_read"] == second);
  CHECK(kept[0]["cut"]["bytes"] == first.size());
  CHECK(kept[0]["cut"]["sent_bytes"].get<std::size_t>() < 2'000);
  CHECK_FALSE(kept[1].contains("cut"));
  std::int64_t tokens = 0;
  for (const auto& attachment : kept) tokens += attachment["tokens"].get<std::int64_t>();
  CHECK(tokens <= 1'000 + 3 * 5);
}

TEST_CASE("an image goes as its URL to a provider that fetches it, and as bytes to others") {
  AttachmentsWorld chat;
  const std::string list = R"([{"type":"image","url":"https://files.example/a.png"}])";
  chat.attach(list);
  CHECK(chat.fetched.empty());
  CHECK(chat.content()[0] ==
        *json::parse(R"({"type":"image_url","image_url":{"url":"https://files.example/a.png"}})"));

  const std::string bytes("\x89PNG\0\xff", 6);
  chat.files["https://files.example/a.png"] = {"image/png", bytes};
  ScriptedModel eyes(chat.world, "http://127.0.0.1:11434/v1");
  eyes.tell(kStory, 1);
  chat.world.environment["MODEL_CHAT"] = "ollama:eyes";
  chat.attach(list);
  CHECK(chat.fetched.size() == 1);
  REQUIRE(eyes.exchanges.size() == 1);
  CHECK((*json::parse(eyes.exchanges[0]->body))["messages"]
            .back()["content"][0]["image_url"]["url"] ==
        "data:image/png;base64," + text::encode_base64(bytes));
}

TEST_CASE("Storage is read with the caller's own token, which nobody else gets") {
  AttachmentsWorld chat;
  chat.world.verify = [](auto, auto) { return true; };
  const std::string payload =
      R"({"sub":"11111111-1111-4111-8111-111111111111","aud":"authenticated",)"
      R"("role":"authenticated","iss":"http://db/auth/v1","exp":4102444800})";
  const std::string token = text::encode_base64url(R"({"alg":"HS256"})") + "." +
                            text::encode_base64url(payload) + "." + std::string(43, 'A');
  const std::string user = "authorization: Bearer " + token + "\n";
  chat.files["http://db/storage/v1/object/own/my%20notes/a.txt"] = {"text/markdown", "Mine."};
  const auto& client = chat.attach(R"([{"type":"text","path":"own/my notes/a.txt"}])", user);
  CAPTURE(client.body());
  CHECK(client.status() == 200);
  REQUIRE(chat.fetched.size() == 1);
  CHECK(chat.fetched[0].find("authorization: Bearer " + token) != std::string::npos);
  CHECK(chat.fetched[0].find("apikey: sb_publishable_simulated") != std::string::npos);
  CHECK(chat.fetched[0].find("sb_secret") == std::string::npos);

  chat.database.calls.clear();
  chat.model.exchanges.clear();
  check_refused(chat, chat.attach(R"([{"type":"text","path":"own/other.txt"}])", user),
                "the status 404");
  CHECK(chat.fetched.size() == 2);
  for (const std::string path : {"own", "/own/a", "own//a", "own/a/", "own/../other/a", "own/."}) {
    CAPTURE(path);
    check_refused(chat, chat.attach(R"([{"type":"text","path":")" + path + "\"}]", user),
                  "attachments[0].path");
  }
  CHECK(chat.fetched.size() == 2);
}

TEST_CASE("a guest has no rights in Storage") {
  AttachmentsWorld chat;
  const std::string list = R"([{"type":"text","path":"own/a.txt"}])";
  check_refused(chat, chat.attach(list), "signed URL", 403);
  check_refused(chat, chat.attach(list, ""), "signed URL", 403);
  CHECK(chat.fetched.empty());
}

TEST_CASE("nothing is fetched from where nobody has allowed it") {
  AttachmentsWorld chat;
  chat.world.environment["FABULA_ENV"] = "production";
  chat.world.environment["MODEL_CHAT"] = "openai:gpt-4o-mini";
  chat.world.environment["OPENAI_API_KEY"] = "simulated";
  chat.world.environment["FABULA_ATTACHMENT_HOSTS"] = "files.example,10.0.0.7,localhost,[::1]";
  for (const std::string url :
       {"https://elsewhere.example/a", "http://files.example/a", "https://sub.files.example/a",
        "https://files.example.evil.example/a", "https://10.0.0.7/a", "https://127.0.0.1/a",
        "https://files.example:8443/a", "https://2130706433/a", "https://0x7f.1/a",
        "https://localhost/a", "https://[::1]/a", "http://169.254.169.254/latest/meta-data",
        "http://db/rest/v1/principals", "http://db/functions/v1/chat/health",
        "http://db/storage/v1/../rest/v1/principals", "https://files.example@10.0.0.7/a"}) {
    CAPTURE(url);
    check_refused(chat, chat.attach(R"([{"type":"text","url":")" + url + "\"}]"),
                  "attachments[0].url");
  }
  CHECK(chat.fetched.empty());

  SUBCASE("nor from where only bots may go") {
    chat.world.environment["FABULA_ATTACHMENT_HOSTS"] = "";
    chat.world.environment["FABULA_UPSTREAM_HOSTS"] = "files.example";
    check_refused(chat, chat.attach(R"([{"type":"text","url":"https://files.example/a"}])"),
                  "FABULA_ATTACHMENT_HOSTS");
    CHECK(chat.fetched.empty());
  }
  SUBCASE("a port that is named is another place") {
    chat.world.environment["FABULA_ATTACHMENT_HOSTS"] = "files.example:8443";
    chat.files["https://files.example:8443/a"] = {"text/plain", "Kept elsewhere."};
    check_refused(chat, chat.attach(R"([{"type":"text","url":"https://files.example/a"}])"),
                  "FABULA_ATTACHMENT_HOSTS");
    CHECK(chat.fetched.empty());
    chat.attach(R"([{"type":"text","url":"https://files.example:8443/a"}])");
    REQUIRE_FALSE(chat.fetched.empty());
    CHECK(chat.fetched.front().find("https://files.example:8443/a") != std::string::npos);
  }
}

TEST_CASE("nothing is fetched for a caller whose turn is not admitted") {
  AttachmentsWorld chat;
  chat.files["https://files.example/a.txt"] = {"text/plain", "Not for everybody."};
  const std::string list = R"([{"type":"text","url":"https://files.example/a.txt"}])";
  auto& client = chat.post(R"({"text":"Look.","session_id":")" + ScriptedDatabase::make_id(7) +
                               R"(","attachments":)" + list + "}",
                           kGuest);
  chat.world.run();
  CHECK(client.status() == 404);
  CHECK(chat.database.calls == std::vector<std::string>{"admit_turn"});
  CHECK(chat.fetched.empty());

  chat.database.fault = [](const auto&) { return ScriptedDatabase::Fault::answer_503; };
  CHECK(chat.attach(list).status() == 503);
  CHECK(chat.fetched.empty());

  SUBCASE("and once for each turn that is, before the first fetch") {
    chat.database.fault = [](const auto&) { return ScriptedDatabase::Fault::none; };
    chat.database.calls.clear();
    CHECK(read_events(chat.attach(list)).text == kStory);
    CHECK(chat.fetched.size() == 1);
    CHECK(chat.database.calls ==
          std::vector<std::string>{"admit_turn", "begin_turn", "finish_turn"});
  }
  SUBCASE("what needs no fetch asks for nothing more") {
    chat.database.fault = [](const auto&) { return ScriptedDatabase::Fault::none; };
    chat.database.calls.clear();
    chat.attach(R"([{"type":"text","text":"At hand."}])");
    CHECK(chat.database.calls == std::vector<std::string>{"begin_turn", "finish_turn"});
  }
}

TEST_CASE("what is no such file is refused, and says why") {
  AttachmentsWorld chat;
  chat.world.environment["MODEL_CHAT"] = "ollama:eyes";
  const std::string base = "https://files.example/";
  chat.files[base + "moved"] = {"text/plain", "", 302};
  chat.files[base + "broken"] = {"text/plain", "", 500};
  chat.files[base + "silent"] = {"text/plain", "", 200, true};
  chat.files[base + "page.pdf"] = {"application/pdf", "%PDF"};
  chat.files[base + "latin"] = {"text/plain", "caf\xe9"};
  chat.files[base + "long"] = {"text/plain",
                               std::string(engine::kMaximumFetchedTextBytes + 1, 'a')};
  chat.files[base + "huge.png"] = {"image/png",
                                   std::string(engine::kMaximumFetchedImageBytes + 1, 'a')};
  chat.files[base + "half.png"] = {"image/png",
                                   std::string(engine::kMaximumFetchedImageBytes / 2 + 9, 'a')};
  chat.files[base + "vector.svg"] = {"image/svg+xml", "<svg/>"};
  chat.files[base + "empty.png"] = {"image/png", ""};
  const auto one = [&](const std::string& type, const std::string& name) {
    return R"({"type":")" + type + R"(","url":")" + base + name + "\"}";
  };
  const std::map<std::string, std::string> faults = {
      {one("text", "missing"), "the status 404"},
      {one("text", "moved"), "redirects are not followed"},
      {one("text", "broken"), "the status 500"},
      {one("text", "silent"), "cannot be reached"},
      {one("text", "page.pdf"), "no text"},
      {one("text", "latin"), "no text"},
      {one("text", "long"), "262,144 bytes"},
      {one("image", "huge.png"), "3,932,160 bytes"},
      {one("image", "half.png") + "," + one("image", "half.png"), "attachments[1].url"},
      {one("image", "latin"), "no image"},
      {one("image", "empty.png"), "no image"},
      {one("image", "vector.svg"), "image/webp or image/gif"},
      {R"({"type":"image","text":"a"})", "one of url and path"},
      {R"({"type":"text"})", "one of url, path and text"},
      {R"({"type":"text","text":"a","path":"b/c"})", "one of url, path and text"},
      {R"({"type":"sound","text":"a"})", "attachments[0].type"},
  };
  for (const auto& [list, words] : faults) {
    CAPTURE(list);
    check_refused(chat, chat.attach("[" + list + "]"), words);
  }
}

TEST_CASE("a file is what its bytes say, whatever its server calls it") {
  AttachmentsWorld chat;
  chat.world.environment["MODEL_CHAT"] = "ollama:eyes";
  ScriptedModel eyes(chat.world, "http://127.0.0.1:11434/v1");
  eyes.tell(kStory, 1);
  const std::string base = "https://files.example/";
  const std::string utf16("\xFF\xFE\x1C\x04\x30\x04\x40\x04\x30\x04", 10);
  for (const auto& [name, file, words] : std::vector<std::tuple<std::string, File, std::string>>{
           {"notes.md",
            {"application/octet-stream", "# Notes\n\nMara keeps the key.\n"},
            "# Notes"},
           {"world.yaml", {"application/yaml", "keeper: Mara\n"}, "keeper: Mara"},
           {"world.yml", {"application/x-yaml", "хранитель: Мара\n"}, "хранитель: Мара"},
           {"card.json", {"application/ld+json", "{\"name\":\"美拉\"}"}, "美拉"},
           {"plain", {"", "Mara keeps the key.\n"}, "Mara keeps the key."},
           {"notizen.md", {"application/octet-stream", "\xEF\xBB\xBFSchlüssel"}, "\nSchlüssel"},
           {"unmarked.txt", {"text/plain", utf16.substr(2) + std::string("\n\0", 2)}, "Мара"},
           {"big.txt", {"", std::string("\x5F\x62\x66\x66\0\n", 6)}, "形晦"},
           {"notes.markdown", {"application/octet-stream", "# 설정\n\n열쇠"}, "열쇠"},
           {"notes.org", {"binary/octet-stream", "* Ключ"}, "Ключ"},
           {"windows.txt", {"text/plain", utf16}, "Мара"}}) {
    CAPTURE(name);
    chat.files[base + name] = file;
    const auto& client = chat.attach(R"([{"type":"text","url":")" + base + name + "\"}]");
    CAPTURE(client.body());
    CHECK(client.status() == 200);
    const auto content = (*json::parse(eyes.exchanges.back()->body))["messages"].back()["content"];
    CHECK(json::dump(content).find(json::dump(words).substr(1, words.size())) != std::string::npos);
  }
  const std::string png("\x89PNG\r\n\x1A\n\0\xff", 10);
  const std::string jpeg = "\xFF\xD8\xFF\xE0 a photograph";
  for (const auto& [name, file, type] : std::vector<std::tuple<std::string, File, std::string>>{
           {"photo.jpg", {"image/jpg", "no signature"}, "image/jpeg"},
           {"photo.png", {"image/png", jpeg}, "image/jpeg"},
           {"photo", {"application/octet-stream", png}, "image/png"},
           {"picture", {"text/plain", "GIF89a..."}, "image/gif"},
           {"old", {"image/pjpeg", "no signature"}, "image/jpeg"}}) {
    CAPTURE(name);
    chat.files[base + name] = file;
    const auto& client = chat.attach(R"([{"type":"image","url":")" + base + name + "\"}]");
    CAPTURE(client.body());
    CHECK(client.status() == 200);
    CHECK(eyes.exchanges.back()->body.find("data:" + type + ";base64,") != std::string::npos);
  }
  chat.database.calls.clear();
  chat.model.exchanges.clear();
  chat.files[base + "cover.bin"] = {"application/octet-stream", png};
  chat.files[base + "letter.rtf"] = {"application/octet-stream", "{\\rtf1 Mara}"};
  chat.files[base + "paper"] = {"text/plain", "%PDF-1.7"};
  chat.files[base + "junk.txt"] = {"text/plain", std::string("MZ\x90\0\3\0\0\0", 8)};
  chat.files[base + "noise.txt"] = {"text/plain", std::string("\x07\xF0\x9A\0\xC3\x28\0\1", 8)};
  for (const std::string name : {"cover.bin", "letter.rtf", "paper", "junk.txt", "noise.txt"}) {
    CAPTURE(name);
    check_refused(chat, chat.attach(R"([{"type":"text","url":")" + base + name + "\"}]"),
                  "no text");
  }
  for (const auto& [name, bytes] : std::map<std::string, std::string>{
           {"empty.md", ""}, {"blank.md", " \r\n\t"}, {"mark.md", "\xEF\xBB\xBF"}}) {
    CAPTURE(name);
    chat.files[base + name] = {"application/octet-stream", bytes};
    check_refused(chat, chat.attach(R"([{"type":"text","url":")" + base + name + "\"}]"),
                  "It is empty");
  }
}

TEST_CASE("an attachment alone is a message that is called as it is") {
  AttachmentsWorld chat;
  chat.files["https://files.example/a/notes.md?sig=1"] = {"text/markdown", "Mara keeps the key."};
  const std::string list =
      R"([{"type":"text","url":"https://files.example/a/notes.md?sig=1"},)"
      R"({"type":"text","text":"Ключ","name":"заметки"},{"type":"text","text":"鍵"}])";
  for (const std::string& body :
       {R"({"attachments":)" + list + "}", R"({"text":" ","attachments":)" + list + "}"}) {
    auto& client = chat.post(body, kGuest);
    chat.world.run();
    CHECK(read_events(client).text == kStory);
    CHECK(chat.begun()["text"] == "notes.md, заметки, text");
    CHECK(json::dump(chat.content()).find("Mara keeps the key.") != std::string::npos);
  }
}

TEST_CASE("texts are counted as they are, not as JSON escapes them") {
  AttachmentsWorld chat;
  std::string escaped;
  while (escaped.size() < 590'000) escaped += "\\u0434";  // two bytes each
  auto& client = chat.post(R"({"text":")" + escaped + "\"}", kGuest);
  chat.world.run();
  CAPTURE(client.body());
  CHECK(client.status() == 200);
  chat.database.calls.clear();
  chat.model.exchanges.clear();
  const std::string half(131'073, 'a');
  check_refused(chat,
                chat.attach(R"([{"type":"text","text":")" + half + R"("},{"type":"text","text":")" +
                            half + "\"}]"),
                "262,144 bytes of UTF-8 together");
}

TEST_CASE("an image for models that do not see is refused unread, and the model named") {
  AttachmentsWorld chat;
  chat.world.environment.erase("FABULA_VISION_MODELS");
  chat.world.environment["MODEL_DESCRIPTION"] = "local:blind";
  auto& client =
      chat.post(R"({"text":"Look.","task":"description",)"
                R"("attachments":[{"type":"image","url":"https://files.example/a.png"}]})",
                kGuest);
  chat.world.run();
  check_refused(chat, client, "local:blind, sees no images");
  CHECK(client.body().find("MODEL_DESCRIPTION") != std::string::npos);
  CHECK(chat.fetched.empty());
}

TEST_CASE("of a route those models are asked that take what is attached") {
  AttachmentsWorld chat;
  chat.world.environment["MODEL_CHAT"] = "llamacpp:blind,local:scripted";
  ScriptedModel blind(chat.world, "http://127.0.0.1:8080/v1");
  check_answered_by(chat, chat.attach(R"([{"type":"image","url":"https://a.example/a.png"}])"),
                    "local", "scripted", 1);
  CHECK(blind.exchanges.empty());
}

TEST_CASE("other takes are sent the same again, which is read again") {
  AttachmentsWorld chat;
  auto& file = chat.files["https://files.example/a.txt"];
  file = {"text/plain", "Of old."};
  chat.attach(R"([{"type":"text","url":"https://files.example/a.txt"}])");
  const auto reply = "chat/messages/" + ScriptedDatabase::make_id(1);
  for (const std::string action : {"/regenerate", "/continue"}) {
    if (action == "/continue") chat.model.tell(" It is older still.", 5);
    auto& client = chat.post_to(reply + action, "", kGuest);
    chat.world.run();
    CHECK(read_events(client).find("done"));
    CHECK(std::string(chat.content()).find("Of old.\n</attachment>\n\n") != std::string::npos);
  }
  CHECK(chat.fetched.size() == 3);

  SUBCASE("what has gone meanwhile ends the turn, with a status") {
    file.status = 410;
    auto& client = chat.post_to(reply + "/regenerate", "", kGuest);
    chat.world.run();
    CHECK(client.status() == 422);
    CHECK(client.body().find("the status 410") != std::string::npos);
    CHECK(chat.database.generations.back().status == "failed");
    CHECK(chat.database.generations.back().error_code == "invalid_request");
    CHECK(chat.model.exchanges.size() == 3);
  }
}

TEST_CASE("an image of the largest size is read, sent and forgotten") {
  AttachmentsWorld chat;
  chat.world.environment["MODEL_CHAT"] = "ollama:eyes";
  ScriptedModel eyes(chat.world, "http://127.0.0.1:11434/v1");
  eyes.tell(kStory, 1);
  chat.files["https://files.example/a.png"] = {
      "image/png", std::string(engine::kMaximumFetchedImageBytes, '\xff')};
  const auto& client = chat.attach(R"([{"type":"image","url":"https://files.example/a.png"}])");
  CHECK(read_events(client).text == kStory);
  CHECK(eyes.exchanges.at(0)->body.size() > engine::kMaximumFetchedImageBytes / 3 * 4);
}

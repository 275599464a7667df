#include "tests/sim/peers/chat_client.hpp"

#include <algorithm>
#include <utility>

#include "functions/chat/chat.hpp"
#include "shared/sse/decoder.hpp"

namespace fabula::tests {

const json::Document* ChatEvents::find(std::string_view type) const {
  const auto found = std::find_if(others.begin(), others.end(), [type](const auto& event) {
    return json::string_at(event, "type") == type;
  });
  return found == others.end() ? nullptr : &*found;
}

ChatWorld::ChatWorld(std::uint64_t seed) : world(seed) {
  world.environment = {{"SUPABASE_URL", "http://db"},
                       {"SUPABASE_SECRET_KEYS", R"({"default":"sb_secret_simulated"})"},
                       {"SUPABASE_PUBLISHABLE_KEYS", R"({"default":"sb_publishable_simulated"})"},
                       {"FABULA_ENV", "development"},
                       {"FABULA_JWT_SECRET", "a secret of the simulation, 32 bytes"},
                       {"MODEL_CHAT", "local:scripted"},
                       {"LOCAL_BASE_URL", "http://127.0.0.1:9/v1"}};
}

sim::Client& ChatWorld::post(std::string body, std::string headers) {
  return post_to("chat", std::move(body), headers);
}

sim::Client& ChatWorld::post_to(const std::string& path, std::string body,
                                const std::string& headers) {
  auto head = "POST http://edge/functions/v1/" + path + "\n" + headers;
  if (!body.empty()) head += "content-type: application/json\n";
  return world.call(&chat_function::handle, head, std::move(body));
}

sim::Client& ChatWorld::talk(std::string_view text, std::string_view session_id) {
  json::Document body = {{"text", text}};
  if (!session_id.empty()) body["session_id"] = session_id;
  auto& client = post(json::dump(body));
  world.run();
  return client;
}

ChatEvents read_events(const sim::Client& client) {
  ChatEvents events;
  const auto& body = client.body();
  sse::Decoder decoder;
  decoder.feed(body);
  sse::Event event;
  while (decoder.next(event)) {
    events.last_id = event.last_event_id;
    auto data = json::parse(event.data);
    if (!data) continue;
    if (json::string_at(*data, "type") == "text") {
      events.text += json::string_at(*data, "content").value_or("");
    } else {
      events.others.push_back(std::move(*data));
    }
  }
  for (std::size_t at = 0; (at = body.find("\n:", at)) != std::string::npos; ++at)
    ++events.comments;
  if (body.starts_with(":")) ++events.comments;
  return events;
}

}  // namespace fabula::tests

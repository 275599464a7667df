// One conversation in any kind and over any channel besides chat's, so that a test can say the same
// in all of them and hear the same.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/peers/chat_client.hpp"

namespace fabula::tests {

enum class TalkOver : std::uint8_t {
  companion_whole,   // POST /companion/chat
  companion_stream,  // POST /companion/chat/stream
  companion_socket,
  realtime_socket,
};

inline constexpr std::array kEveryTalk{TalkOver::companion_whole, TalkOver::companion_stream,
                                       TalkOver::companion_socket, TalkOver::realtime_socket};

const char* name(TalkOver over);

// The answer to a message.
struct HeardAnswer {
  std::string text;
  bool is_done = false;
  std::string finish_reason;
  // The code of the error, if there was one.
  std::string code;
  std::string message;
  std::string user_message_id;
  std::int64_t retry_after_ms = 0;
  bool is_retryable = false;
};

// The models are `local:first`, which is chat().model, and `ollama:second`, which is `second`.
class AnyTalk {
 public:
  virtual ~AnyTalk() = default;
  static std::unique_ptr<AnyTalk> make(TalkOver over);

  virtual ChatWorld& chat() = 0;
  // Says something, to the end of its answer; the same `id` is the same message said again.
  virtual HeardAnswer say(const std::string& id, const std::string& text) = 0;
  // The messages that are stored, oldest first.
  virtual const std::vector<StoredMessage>& stored() = 0;

  std::unique_ptr<ScriptedModel> second;

 protected:
  void add_models();
};

}  // namespace fabula::tests

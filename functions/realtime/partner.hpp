// One connection to a realtime session: a session has any number of them at once, and sends its
// events to all.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shared/realtime/rows.hpp"
#include "shared/tools/mode.hpp"
#include "wasm/engine/socket/partner.hpp"

namespace fabula::realtime_function {

class RealtimePartner final : public engine::SocketPartner {
 public:
  // `session_id`: the caller's own name for the session. `project_id`: the story of a new session;
  // empty: none.
  RealtimePartner(engine::Call& call, std::string session_id, std::string project_id);

  runtime::Task<Result<engine::SocketNews>> open(engine::Call& call, engine::Caller& caller,
                                                 const turn::SocketProtocol& protocol,
                                                 const turn::said::Hello& hello) override;
  bool looks() const override { return true; }
  runtime::Task<Result<engine::SocketNews>> look(engine::Call& call,
                                                 const engine::Caller& caller) override;
  runtime::Task<void> leave(engine::Call& call, const engine::Caller& caller) override;

  std::unique_ptr<engine::Conversation> make_conversation() override;
  runtime::Task<Result<engine::TurnRequest>> request(engine::Call& call, const turn::Kind& kind,
                                                     const turn::said::Message& message) override;

 private:
  Result<void> choose_mode(const turn::said::Message& message);
  engine::SocketNews news_of(const realtime::Seen& seen, std::int64_t now_ms) const;

  std::string session_id_;
  std::string project_id_;
  std::string connection_id_;
  std::int64_t left_seconds_;
  std::vector<tools::Mode> modes_;
  const tools::Mode* mode_ = nullptr;  // one of the configured modes, or none
  bool is_mode_chosen_ = false;        // by the conversation's first message
  bool tells_events_ = false;
  std::int64_t last_event_id_ = 0;  // the last event that was sent to the client
};

}  // namespace fabula::realtime_function

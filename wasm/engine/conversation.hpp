// What all kinds of conversations do around a turn: the request is read and checked, the turn
// begun, a repeated one told again, the models asked. A function makes a Conversation of its kind
// for each request; what only it can know is asked of that.
//
//   Task<Result<void>> say(Call& call, const Match& match) {
//     ChatConversation conversation;  // with turn::kinds::kChat
//     co_await serve_turn(call, match, conversation);
//   }
#pragma once

#include <memory>

#include "shared/json/document.hpp"
#include "shared/result/result.hpp"
#include "shared/turn/begin.hpp"
#include "shared/turn/kind.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/channel.hpp"
#include "wasm/engine/identity.hpp"
#include "wasm/engine/serve.hpp"
#include "wasm/engine/tool_rounds.hpp"
#include "wasm/engine/turn.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

class Conversation {
 public:
  explicit Conversation(const turn::Kind& kind) : kind_(kind) {}
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;
  virtual ~Conversation() = default;

  const turn::Kind& kind() const { return kind_; }
  virtual const turn::Protocol& protocol() const { return *kind_.protocol; }

  // Reads what the kind has of its own in a body that was checked against its declaration.
  virtual Result<void> read(Call& call, const json::Document& body, TurnRequest& request) = 0;

  // Whom the message asks, as far as it is known before the turn has begun, and what it has
  // attached: what cannot be had leaves nothing behind.
  virtual runtime::Task<Result<Answering>> before_turn(Call& call, const Caller& caller,
                                                       const json::Document& body,
                                                       const TurnLimits& limits,
                                                       TurnRequest& request);
  // The same with what only the database knows, once the turn has begun; it ends with a problem.
  virtual runtime::Task<Result<void>> after_begin(Call& call, const Caller& caller,
                                                  const turn::BegunTurn& turn,
                                                  const TurnLimits& limits, TurnRequest& request,
                                                  Answering& answering);

  // Runs the kind's tools; nullptr when it has none.
  virtual ToolRunner* tools() { return nullptr; }

 private:
  const turn::Kind& kind_;
};

// Makes the channel of one answer. The framing outlives it.
class ChannelMaker {
 public:
  virtual std::unique_ptr<turn::Framing> make_framing(const turn::Protocol& protocol,
                                                      const turn::Telling& telling) = 0;
  virtual std::unique_ptr<Channel> make_channel(Call& call, const turn::Protocol& protocol,
                                                turn::Framing& framing,
                                                const RelayLimits& limits) = 0;

 protected:
  ~ChannelMaker() = default;
};

// One turn whose request has been read, told by the channel that is made for it: to the end of all
// work. The body is freed as soon as nobody needs it. A Problem is a refusal: nothing was told.
runtime::Task<Result<void>> run_turn(Call& call, const Caller& caller, Conversation& conversation,
                                     json::Document&& body, TurnRequest& request,
                                     ChannelMaker& channels);

// One turn over HTTP: from the request to the last byte of the answer, which is a stream, or one
// whole answer if the caller asks for that in Accept and the protocol has it. `action` is said,
// unless the body makes it an edit; other actions are about the message in the path.
runtime::Task<Result<void>> serve_turn(Call& call, const Match& match, Conversation& conversation,
                                       turn::Action action = turn::Action::say);

// The rest of a reply, whoever began it: the path names the stream, and the query's `after` or
// Last-Event-ID how much of it is known.
runtime::Task<Result<void>> serve_resume(Call& call, const Match& match, const turn::Kind& kind);

}  // namespace fabula::engine

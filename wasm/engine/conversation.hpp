// The steps that all kinds of conversations share around a turn: read and check the request, begin
// the turn, replay a repeated one, ask the models. A function makes a Conversation of its kind for
// each request; it supplies the steps that only the function knows.
//
//   Task<Result<void>> say(Call& call, const Match& match) {
//     ChatConversation conversation;  // with turn::kinds::kChat
//     co_await serve_turn(call, match, conversation);
//   }
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "shared/json/document.hpp"
#include "shared/result/result.hpp"
#include "shared/turn/begin.hpp"
#include "shared/turn/kind.hpp"
#include "wasm/engine/answer_form.hpp"
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

  // Reads the kind's own members from a body that has been checked against its declaration.
  virtual Result<void> read(Call& call, const json::Document& body, TurnRequest& request) = 0;

  // Returns the models to ask, as far as they are known before the turn has begun, and the
  // message's attachments. A problem here refuses the request, and nothing is stored.
  virtual runtime::Task<Result<Answering>> before_turn(Call& call, const Caller& caller,
                                                       const json::Document& body,
                                                       const TurnLimits& limits,
                                                       TurnRequest& request);
  // Completes `answering` with the facts that only the database has, once the turn has begun. A
  // problem ends the turn.
  virtual runtime::Task<Result<void>> after_begin(Call& call, const Caller& caller,
                                                  const turn::BegunTurn& turn,
                                                  const TurnLimits& limits, TurnRequest& request,
                                                  Answering& answering);

  // The tools that the model may call in a turn that has begun, and their runner; nullptr when
  // there are none.
  virtual std::span<const llm::Tool> offered_tools() const { return kind_.tools; }
  virtual ToolRunner* tools() { return nullptr; }

 private:
  const turn::Kind& kind_;
};

// Makes the channel of one answer. The framing must outlive it.
class ChannelMaker {
 public:
  // Reports that no turn has begun, because of this problem.
  virtual runtime::Task<void> refuse(Call& call, const turn::Protocol& protocol,
                                     const Problem& problem) = 0;
  virtual std::unique_ptr<turn::Framing> make_framing(const turn::Protocol& protocol,
                                                      const turn::Telling& telling) = 0;
  virtual std::unique_ptr<Channel> make_channel(Call& call, const turn::Protocol& protocol,
                                                turn::Framing& framing,
                                                const RelayLimits& limits) = 0;

 protected:
  ~ChannelMaker() = default;
};

// Runs one turn whose request has been read, and sends it through the maker's channel. Returns when
// all work is done. The body is freed as soon as nothing needs it. A Problem is a refusal: no event
// was sent.
runtime::Task<Result<void>> run_turn(Call& call, const Caller& caller, Conversation& conversation,
                                     json::Document&& body, TurnRequest& request,
                                     ChannelMaker& channels);

// Serves one turn over HTTP, from the request to the last byte of the answer: a stream, or one
// whole answer if Accept asks for it and the protocol supports it; with a `form` always this one.
// `action` is `say` unless the body makes it an edit; all other actions concern the message in the
// path.
runtime::Task<Result<void>> serve_turn(Call& call, const Match& match, Conversation& conversation,
                                       turn::Action action = turn::Action::say,
                                       std::optional<AnswerForm> form = {});

// Serves the rest of a reply that any request began: the path names the stream, and the query's
// `after` or Last-Event-ID how many bytes of it the caller has.
runtime::Task<Result<void>> serve_resume(Call& call, const Match& match, const turn::Kind& kind);

}  // namespace fabula::engine

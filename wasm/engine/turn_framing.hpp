// How a turn is told to its client; each protocol implements it.
#pragma once

#include <string>
#include <string_view>

#include "shared/llm/stream/stream.hpp"
#include "shared/result/result.hpp"
#include "shared/turn/begin.hpp"
#include "shared/turn/dossier_view.hpp"

namespace fabula::engine {

// How a turn stands when its end is told.
struct TurnEnd {
  const turn::BegunTurn& turn;
  std::string_view message_id;  // empty: nothing was said, and no message stored
  std::string_view provider;
  std::string_view model;
  const std::optional<llm::Usage>& usage;
  std::optional<turn::DossierView> dossier = {};
};

// Each call appends whole frames to `out`.
class TurnFraming {
 public:
  // The next part of the reply: whole characters.
  virtual void text(std::string& out, std::string_view text) = 0;
  // The reply, complete or not, is stored: its ids and facts.
  virtual void stored(std::string& out, const TurnEnd& end) = 0;
  // The reply is complete.
  virtual void done(std::string& out) = 0;
  // The reply ends here, incomplete; what was sent is kept.
  virtual void error(std::string& out, const Problem& problem) = 0;
  // The stream ends here although the reply goes on: come back for more.
  virtual void come_back(std::string& out) = 0;
  // Something to write that no reader shows.
  virtual void beat(std::string& out) = 0;

 protected:
  ~TurnFraming() = default;
};

}  // namespace fabula::engine

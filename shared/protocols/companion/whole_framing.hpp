// A reply as one JSON answer: {conversation_id, message_id, content, model, finish_reason, usage},
// and the other ids. An incomplete reply is a problem (RFC 9457) that also has these, as far as
// they are known.
#pragma once

#include <string>
#include <string_view>

#include "shared/turn/framing.hpp"

namespace fabula::protocols::companion {

class WholeFraming final : public turn::Framing {
 public:
  explicit WholeFraming(const turn::Telling& telling)
      : new_guest_token_(telling.new_guest_token), request_id_(telling.request_id) {}

  void begun(std::string& out, const turn::event::Begun& begun) override;
  void text(std::string& out, std::string_view text) override;
  void stored(std::string& out, const turn::event::Stored& stored) override;
  void finished(std::string& out, const turn::event::Finished& finished) override;
  void failed(std::string& out, const turn::event::Failed& failed) const override;
  // The channel sends a refusal instead.
  void come_back(std::string&) override {}

 private:
  std::string_view new_guest_token_;
  std::string_view request_id_;
  std::string content_;
  std::string members_;  // members of the answer, without braces
  std::string title_;
};

}  // namespace fabula::protocols::companion

// Chat's frames with the conversation's id in each (protocols/fabula/stream_framing.hpp).
#pragma once

#include <string>
#include <string_view>

#include "shared/protocols/fabula/stream_framing.hpp"

namespace fabula::protocols::companion {

class StreamFraming final : public turn::Framing {
 public:
  explicit StreamFraming(const turn::Telling& telling) : frames_(telling) {}

  void begun(std::string& out, const turn::event::Begun& begun) override;
  void text(std::string& out, std::string_view text) override;
  void reasoning(std::string& out, std::string_view text) override;
  void beat(std::string& out) override;
  // Also writes the conversation's metadata.
  void stored(std::string& out, const turn::event::Stored& stored) override;
  void finished(std::string& out, const turn::event::Finished& finished) override;
  void failed(std::string& out, const turn::event::Failed& failed) const override;
  void come_back(std::string& out) override;

 private:
  // Adds the id to the single frame that begins at `begin` and ends with `}` and a blank line.
  void add_id(std::string& out, std::size_t begin) const;

  fabula::StreamFraming frames_;
  std::string id_member_;  // `,"conversation_id":"..."`; empty before the turn has begun
};

}  // namespace fabula::protocols::companion

// Ends an answer that has become far longer than requested: a small model may continue endlessly,
// which costs time and tokens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/story/length.hpp"
#include "wasm/engine/completion.hpp"

namespace fabula::engine {

class LengthLimit final : public CompletionListener {
 public:
  // `asked`: in `unit`. The limit is two and a half times as much plus a few words.
  LengthLimit(std::int64_t asked, story::Unit unit);

  void on_begin() override;
  void on_text(std::string_view text) override;
  bool is_full() const override { return is_full_; }

 private:
  std::int64_t most_;
  story::Unit unit_;
  std::string text_;
  std::size_t measured_bytes_ = 0;
  bool is_full_ = false;
};

}  // namespace fabula::engine

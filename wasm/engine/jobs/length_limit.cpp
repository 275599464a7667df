#include "wasm/engine/jobs/length_limit.hpp"

namespace fabula::engine {
namespace {

constexpr std::int64_t kSpareWords = 60;
// The whole text is measured each time it has grown by this much.
constexpr std::size_t kMeasuredBytes = 256;

}  // namespace

LengthLimit::LengthLimit(std::int64_t asked, story::Unit unit)
    : most_(asked * 5 / 2 + story::length_of_words(kSpareWords, unit)), unit_(unit) {}

void LengthLimit::on_begin() {
  text_.clear();
  measured_bytes_ = 0;
  is_full_ = false;
}

void LengthLimit::on_text(std::string_view text) {
  text_.append(text);
  if (text_.size() < measured_bytes_ + kMeasuredBytes) return;
  measured_bytes_ = text_.size();
  is_full_ = story::length(text_, unit_) >= most_;
}

}  // namespace fabula::engine

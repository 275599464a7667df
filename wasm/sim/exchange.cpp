#include "wasm/sim/exchange.hpp"

namespace fabula::sim {

void Exchange::respond(std::uint32_t status, std::string headers) {
  if (is_closed_by_guest_ || phase_ != Phase::waiting) return;
  phase_ = Phase::streaming;
  status_ = status;
  answer_head_ = std::to_string(status) + "\n" + headers;
  on_change_();
}

void Exchange::send(std::string_view bytes) {
  if (is_closed_by_guest_ || phase_ != Phase::streaming) return;
  unread_.append(bytes);
  on_change_();
}

void Exchange::end() {
  if (is_closed_by_guest_ || phase_ != Phase::streaming) return;
  phase_ = Phase::ended;
  on_change_();
}

void Exchange::break_connection() {
  if (is_closed_by_guest_ || phase_ == Phase::ended) return;
  phase_ = Phase::broken;
  on_change_();
}

}  // namespace fabula::sim

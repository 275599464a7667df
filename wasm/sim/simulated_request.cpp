#include "wasm/sim/simulated_request.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace fabula::sim {

SimulatedRequest::SimulatedRequest(World& world, std::uint32_t number, std::string head)
    : client(*this),
      socket([this](std::uint32_t operation, abi::Status status, std::uint32_t value,
                    std::uint32_t detail) { complete_soon(operation, status, value, detail); }),
      world_(world),
      number_(number),
      head_(std::move(head)) {
  body_ = std::make_shared<Exchange>();
  body_->on_change_ = [this] { look_at(0); };
  streams_.emplace(0u, Stream{body_, 0, {0, nullptr, 0}});
  body_->respond(200);
}

void SimulatedRequest::start(runtime::Context::Handler handler) {
  if (is_killed_) return;
  auto* handle = runtime::Context::start(number_, handler);
  if (!is_finished_) handle_ = handle;
}

void SimulatedRequest::kill() {
  if (is_finished_) return;
  is_killed_ = true;
  runtime::Context::destroy(std::exchange(handle_, nullptr));
  finish();
}

void SimulatedRequest::announce_end_of_isolate() {
  if (is_finished_) return;
  due_.push_back({{0, static_cast<std::int32_t>(abi::Event::isolate_ending), 0, 0}, {}});
  deliver_due();
}

void SimulatedRequest::http_start(std::uint32_t operation, std::string head, std::string body) {
  auto exchange = std::make_shared<Exchange>();
  exchange->method = head.substr(0, head.find(' '));
  exchange->url = head.substr(head.find(' ') + 1, head.find('\n') - head.find(' ') - 1);
  exchange->head = std::move(head);
  exchange->body = std::move(body);
  const auto stream = ++last_stream_;
  exchange->on_change_ = [this, stream] { look_at(stream); };
  streams_.emplace(stream, Stream{exchange, operation, {0, nullptr, 0}});
  operations_.emplace(operation, false);
  world_.dispatch(exchange);
}

std::string SimulatedRequest::http_head(std::uint32_t stream) const {
  const auto found = streams_.find(stream);
  return found == streams_.end() ? std::string() : found->second.exchange->answer_head_;
}

void SimulatedRequest::http_close(std::uint32_t stream) {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return;
  Exchange& exchange = *found->second.exchange;
  exchange.is_closed_by_guest_ = exchange.is_open();
  exchange.on_change_ = [] {};
  streams_.erase(found);
}

void SimulatedRequest::body_read(std::uint32_t operation, std::uint32_t stream, char* buffer,
                                 std::uint32_t capacity) {
  operations_.emplace(operation, false);
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return complete_soon(operation, abi::Status::invalid);
  found->second.read = {operation, buffer, capacity};
  look_at(stream);
}

// Completes everything that this stream's state allows: the head first, then a pending read.
void SimulatedRequest::look_at(std::uint32_t number) {
  const auto found = streams_.find(number);
  if (found == streams_.end()) return;
  Stream& stream = found->second;
  const Exchange& exchange = *stream.exchange;
  if (stream.start_operation != 0) {
    if (exchange.phase_ == Exchange::Phase::waiting) return;
    const auto operation = std::exchange(stream.start_operation, 0u);
    if (exchange.phase_ == Exchange::Phase::broken && exchange.status_ == 0) {
      streams_.erase(found);
      return complete(operation,
                      {operation, static_cast<std::int32_t>(abi::Status::network), 0, 0});
    }
    return complete(operation, {operation, 0, number, exchange.status_});
  }
  if (stream.read.operation == 0) return;
  const Read read = stream.read;
  if (!exchange.unread_.empty()) {
    stream.read.operation = 0;
    auto limit = std::min<std::size_t>(read.capacity, exchange.unread_.size());
    if (world_.behaviour.longest_read_bytes != 0) {
      const auto piece = world_.random().between(1, world_.behaviour.longest_read_bytes);
      limit = std::min(limit, static_cast<std::size_t>(piece));
    }
    // The bytes leave the stream only at delivery, so a cancelled read loses none.
    return complete(read.operation, {read.operation, 0, 0, 0},
                    ReadBytes{stream.exchange, read.buffer, limit});
  }
  if (exchange.phase_ == Exchange::Phase::ended) {
    stream.read.operation = 0;
    complete(read.operation, {read.operation, 0, 0, 0});
  } else if (exchange.phase_ == Exchange::Phase::broken) {
    stream.read.operation = 0;
    complete(read.operation,
             {read.operation, static_cast<std::int32_t>(abi::Status::network), 0, 0});
  }
}

void SimulatedRequest::response_start(std::string head) { response_head_ = std::move(head); }

void SimulatedRequest::response_write(std::uint32_t operation, std::string_view bytes) {
  ++writes_;
  operations_.emplace(operation, false);
  if (client_has_left_) {
    notice_leaving();
    return complete_soon(operation, abi::Status::disconnected);
  }
  response_body_.append(bytes);
  waiting_writes_.push_back({operation, bytes.size()});
  let_writes_through();
}

void SimulatedRequest::let_writes_through() {
  while (!waiting_writes_.empty() && waiting_writes_.front().needs_room_for <= room_bytes_) {
    const Write write = waiting_writes_.front();
    waiting_writes_.erase(waiting_writes_.begin());
    if (room_bytes_ != std::numeric_limits<std::size_t>::max()) {
      room_bytes_ -= write.needs_room_for;
    }
    complete_soon(write.operation, abi::Status::ok);
  }
}

void SimulatedRequest::response_end() { response_ended_ = true; }

void SimulatedRequest::socket_receive(std::uint32_t operation, char* buffer,
                                      std::uint32_t capacity) {
  operations_.emplace(operation, false);
  socket.receive(operation, buffer, capacity);
}

void SimulatedRequest::socket_send(std::uint32_t operation, std::string_view text) {
  ++writes_;
  operations_.emplace(operation, false);
  socket.send(operation, text);
}

void SimulatedRequest::close_socket(std::uint32_t code) {
  if (!socket.close_by_client(code)) return;
  client_has_left_ = true;
  notice_leaving();
}

void SimulatedRequest::sleep(std::uint32_t operation, std::uint32_t duration_ms) {
  ++timers_;
  operations_.emplace(operation, false);
  world_.clock().after(duration_ms,
                       [this, operation] { complete(operation, {operation, 0, 0, 0}); });
}

void SimulatedRequest::public_keys(std::uint32_t operation) {
  if (world_.withholds_public_keys) {
    operations_.emplace(operation, false);
    return;
  }
  auto exchange = std::make_shared<Exchange>();
  exchange->on_change_ = [] {};
  exchange->respond(200);
  exchange->send(world_.public_keys);
  exchange->end();
  const auto stream = ++last_stream_;
  streams_.emplace(stream, Stream{std::move(exchange), 0, {0, nullptr, 0}});
  complete_soon(operation, abi::Status::ok, stream);
}

void SimulatedRequest::complete_soon(std::uint32_t operation, abi::Status status,
                                     std::uint32_t value, std::uint32_t detail) {
  operations_.emplace(operation, false);
  complete(operation, {operation, static_cast<std::int32_t>(status), value, detail});
}

void SimulatedRequest::complete(std::uint32_t operation, abi::Completion completion,
                                std::optional<ReadBytes> read) {
  const auto found = operations_.find(operation);
  if (found == operations_.end() || found->second) return;
  found->second = true;
  due_.push_back({completion, std::move(read)});
  if (is_delivery_scheduled_) return;
  is_delivery_scheduled_ = true;
  const auto delay_ms = world_.random().between(0, world_.behaviour.longest_delay_ms);
  world_.clock().after(delay_ms, [this] {
    is_delivery_scheduled_ = false;
    deliver_due();
  });
}

void SimulatedRequest::deliver_due() {
  while (!due_.empty() && handle_) {
    std::uint32_t count = 0;
    for (auto& due : std::exchange(due_, {})) {
      if (count == abi::kCompletionCapacity) {
        due_.push_back(std::move(due));
        continue;
      }
      const auto operation = due.completion.operation;
      if (operation != 0 && operations_.erase(operation) == 0) continue;  // cancelled
      if (due.read) {
        due.completion.value = due.read->take();
        batch_.emplace(operation, *due.read);
      }
      socket.deliver(operation);
      handle_->completions[count++] = due.completion;
    }
    if (count > 0) runtime::Context::resume(handle_, count);
    batch_.clear();
    socket.forget_delivered();
  }
}

std::uint32_t SimulatedRequest::ReadBytes::take() {
  auto& unread = exchange->unread_;
  taken = unread.substr(0, limit);
  unread.erase(0, taken.size());
  std::memcpy(buffer, taken.data(), taken.size());
  return static_cast<std::uint32_t>(taken.size());
}

void SimulatedRequest::ReadBytes::give_back() { exchange->unread_.insert(0, taken); }

void SimulatedRequest::cancel(std::uint32_t operation) {
  operations_.erase(operation);
  socket.cancel(operation);
  if (const auto found = batch_.find(operation); found != batch_.end()) {
    found->second.give_back();
    batch_.erase(found);
  }
  std::erase_if(waiting_writes_,
                [operation](const Write& write) { return write.operation == operation; });
  for (auto& [number, stream] : streams_) {
    if (stream.read.operation == operation) stream.read.operation = 0;
  }
  const auto started = std::find_if(streams_.begin(), streams_.end(), [operation](auto& entry) {
    return entry.second.start_operation == operation;
  });
  if (started != streams_.end()) http_close(started->first);
}

void SimulatedRequest::finish() {
  is_finished_ = true;
  constexpr std::uint32_t kClosedNormally = 1000;
  if (socket.is_open() && !is_killed_) socket.close_by_guest(kClosedNormally, {});
  if (is_killed_) socket.on_change();
  handle_ = nullptr;
  operations_.clear();
  due_.clear();
  while (!streams_.empty()) http_close(streams_.begin()->first);
}

void SimulatedRequest::leave() {
  if (socket.is_accepted()) {
    constexpr std::uint32_t kClosedAbnormally = 1006;
    return close_socket(kClosedAbnormally);
  }
  if (client_has_left_ || response_ended_) return;
  client_has_left_ = true;
  body_->break_connection();
  for (const auto& write : std::exchange(waiting_writes_, {})) {
    complete_soon(write.operation, abi::Status::disconnected);
  }
  const auto only_on_write =
      static_cast<std::uint32_t>(abi::HostTrait::notices_leaving_only_on_write);
  if ((world_.behaviour.host_traits & only_on_write) != 0) return;
  world_.clock().after(world_.behaviour.notices_leaving_after_ms, [this] { notice_leaving(); });
}

void SimulatedRequest::notice_leaving() {
  if (std::exchange(leaving_was_noticed_, true) || is_finished_) return;
  due_.push_back({{0, static_cast<std::int32_t>(abi::Event::client_left), 0, 0}, {}});
  world_.clock().after(0, [this] { deliver_due(); });
}

}  // namespace fabula::sim

#include "wasm/sim/world.hpp"

#include <algorithm>
#include <utility>

#include "wasm/sim/simulated_request.hpp"

namespace fabula::sim {
namespace {

thread_local World* current_world = nullptr;

}  // namespace

World::World(std::uint64_t seed) : random_(seed), outer_(std::exchange(current_world, this)) {}

World::~World() {
  for (const auto& request : requests_) request->kill();
  current_world = outer_;
}

World& World::current() { return *current_world; }

void World::serve(std::string url_prefix, Peer peer) {
  peers_.emplace_back(std::move(url_prefix), std::move(peer));
}

Client& World::call(runtime::Context::Handler handler, std::string head, std::string body) {
  auto& client = begin_call(handler, std::move(head));
  client.send_body(body);
  client.end_body();
  return client;
}

Client& World::begin_call(runtime::Context::Handler handler, std::string head) {
  const auto number = static_cast<std::uint32_t>(requests_.size() + 1);
  requests_.push_back(std::make_unique<SimulatedRequest>(*this, number, std::move(head)));
  auto& request = *requests_.back();
  clock_.after(0, [&request, handler] { request.start(handler); });
  return request.client;
}

void World::announce_end_of_isolate() {
  for (const auto& request : requests_) request->announce_end_of_isolate();
}

void World::announce_end_of_isolate(Client& client) {
  for (const auto& request : requests_) {
    if (&request->client == &client) request->announce_end_of_isolate();
  }
}

void World::kill(Client& client) {
  for (const auto& request : requests_) {
    if (&request->client == &client) request->kill();
  }
}

void World::run() {
  constexpr std::int64_t kLongestMs = 3'600'000;
  const auto end_ms = clock_.now_ms() + kLongestMs;
  while (!clock_.is_idle() && clock_.now_ms() < end_ms) clock_.step();
}

std::size_t World::unfinished_requests() const {
  return static_cast<std::size_t>(
      std::count_if(requests_.begin(), requests_.end(),
                    [](const auto& request) { return !request->is_finished(); }));
}

std::size_t World::open_exchanges() const {
  return static_cast<std::size_t>(
      std::count_if(exchanges_.begin(), exchanges_.end(),
                    [](const auto& exchange) { return exchange->is_open(); }));
}

SimulatedRequest& World::request(std::uint32_t id) { return *requests_[id - 1]; }

void World::dispatch(const std::shared_ptr<Exchange>& exchange) {
  exchanges_.push_back(exchange);
  for (const auto& [prefix, peer] : peers_) {
    if (exchange->url.compare(0, prefix.size(), prefix) == 0) {
      // The peer sees the request in a later event, as over a real network.
      clock_.after(0, [exchange, &handle = peer] {
        if (!exchange->is_closed_by_guest()) handle(exchange);
      });
      return;
    }
  }
  clock_.after(0, [exchange] { exchange->break_connection(); });
}

std::uint32_t Client::status() const {
  const auto& head = request_.response_head_;
  return head.size() < 3 ? 0 : static_cast<std::uint32_t>(std::stoul(head.substr(0, 3)));
}
const std::string& Client::head() const { return request_.response_head_; }
const std::string& Client::body() const { return request_.response_body_; }
bool Client::is_ended() const { return request_.response_ended_ && !request_.client_has_left_; }
bool Client::is_broken() const { return request_.is_killed_ && !request_.response_ended_; }
int Client::writes() const { return request_.writes_; }
int Client::timers() const { return request_.timers_; }
void Client::send_body(std::string_view bytes) { request_.body_->send(bytes); }
void Client::end_body() { request_.body_->end(); }
void Client::leave() { request_.leave(); }
bool Client::is_accepted() const { return request_.socket.is_accepted(); }
bool Client::is_open() const { return request_.socket.is_open() && !request_.is_killed_; }
const std::string& Client::protocol() const { return request_.socket.protocol(); }
const std::vector<std::string>& Client::received() const { return request_.socket.received(); }
std::uint32_t Client::close_code() const { return request_.socket.guest_close_code(); }
const std::string& Client::close_reason() const { return request_.socket.close_reason(); }
void Client::send_text(std::string message) {
  if (is_open()) request_.socket.send_to_guest(abi::MessageKind::text, std::move(message));
}
void Client::send_binary(std::string message) {
  if (is_open()) request_.socket.send_to_guest(abi::MessageKind::binary, std::move(message));
}
void Client::close(std::uint32_t code) { request_.close_socket(code); }
void Client::take_only_messages(std::size_t count) { request_.socket.take_only(count); }
void Client::on_socket(std::function<void()> notice) {
  request_.socket.on_change = std::move(notice);
}
void Client::take_only(std::size_t bytes) { request_.room_bytes_ = bytes; }
void Client::take_everything() {
  request_.room_bytes_ = std::numeric_limits<std::size_t>::max();
  request_.let_writes_through();
  request_.socket.take_everything();
}

}  // namespace fabula::sim

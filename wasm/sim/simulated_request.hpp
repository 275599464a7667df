// One request in the simulated host: its pending operations, its streams, its response.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wasm/abi/imports.hpp"
#include "wasm/runtime/context.hpp"
#include "wasm/sim/exchange.hpp"
#include "wasm/sim/simulated_socket.hpp"
#include "wasm/sim/world.hpp"

namespace fabula::sim {

class SimulatedRequest {
 public:
  // The client sends the body.
  SimulatedRequest(World& world, std::uint32_t number, std::string head);

  void start(runtime::Context::Handler handler);
  void kill();
  void announce_end_of_isolate();
  bool is_finished() const { return is_finished_; }

  Client client;
  SimulatedSocket socket;

  // The imports, each as in wasm/abi/abi.json.
  const std::string& head() const { return head_; }
  void http_start(std::uint32_t operation, std::string head, std::string body);
  std::string http_head(std::uint32_t stream) const;
  void http_close(std::uint32_t stream);
  void body_read(std::uint32_t operation, std::uint32_t stream, char* buffer,
                 std::uint32_t capacity);
  void response_start(std::string head);
  void response_write(std::uint32_t operation, std::string_view bytes);
  void response_end();
  void socket_receive(std::uint32_t operation, char* buffer, std::uint32_t capacity);
  void socket_send(std::uint32_t operation, std::string_view text);
  void sleep(std::uint32_t operation, std::uint32_t duration_ms);
  void public_keys(std::uint32_t operation);
  void complete_soon(std::uint32_t operation, abi::Status status, std::uint32_t value = 0,
                     std::uint32_t detail = 0);
  void cancel(std::uint32_t operation);
  void finish();

 private:
  friend class Client;

  struct Read {
    std::uint32_t operation;
    char* buffer;
    std::uint32_t capacity;
  };
  // The bytes that a completed read takes from its stream, at delivery.
  struct ReadBytes {
    std::shared_ptr<Exchange> exchange;
    char* buffer;
    std::size_t limit;
    std::string taken = {};
    std::uint32_t take();
    void give_back();
  };
  struct Stream {
    std::shared_ptr<Exchange> exchange;
    std::uint32_t start_operation = 0;  // 0 once the head has been delivered
    Read read{0, nullptr, 0};           // operation 0: no read
  };
  struct Write {
    std::uint32_t operation;
    std::size_t needs_room_for;
  };

  void look_at(std::uint32_t stream);
  void leave();
  void close_socket(std::uint32_t code);
  void notice_leaving();
  void let_writes_through();
  void complete(std::uint32_t operation, abi::Completion completion,
                std::optional<ReadBytes> read = std::nullopt);
  void deliver_due();

  World& world_;
  std::uint32_t number_;
  std::string head_;
  runtime::CompletionBuffer* handle_ = nullptr;
  bool is_finished_ = false;

  std::map<std::uint32_t, Stream> streams_;
  std::shared_ptr<Exchange> body_;  // the request's; also in streams_, until the guest is gone
  std::uint32_t last_stream_ = 0;
  // Operations that have not completed; the value is true if a completion is queued.
  std::map<std::uint32_t, bool> operations_;
  struct Due {
    abi::Completion completion;
    std::optional<ReadBytes> read;
  };
  std::vector<Due> due_;
  // Reads in the batch that is being delivered: until the guest has seen them they can be undone.
  std::map<std::uint32_t, ReadBytes> batch_;
  bool is_delivery_scheduled_ = false;

  std::string response_head_;
  std::string response_body_;
  bool response_ended_ = false;
  bool client_has_left_ = false;
  bool leaving_was_noticed_ = false;
  bool is_killed_ = false;
  int writes_ = 0;
  int timers_ = 0;
  std::size_t room_bytes_ = std::numeric_limits<std::size_t>::max();
  std::vector<Write> waiting_writes_;
};

}  // namespace fabula::sim

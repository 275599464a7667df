// The protocol of a socket: how messages of a connection are read, and how those to its client are
// written. Each is declared in a folder of shared/protocols.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "shared/json/document.hpp"
#include "shared/result/result.hpp"
#include "shared/turn/framing.hpp"

// The messages of a client.
namespace fabula::turn::said {

// Begins the connection. The client has the events up to `last_event_id`.
struct Hello {
  std::optional<std::int64_t> last_event_id;
};

// Requests a conversation, in protocols with several per connection.
struct Start {
  json::Document body;
};

// Sends a text to the model. `id` is the client's own name for it: a message that is sent again
// with its id is the same turn. Empty: the client uses no names.
struct Message {
  std::string id;
  std::string text;
  std::string mode;     // for the conversation; empty: any
  json::Document body;  // the whole message, for protocols whose partners read more of it
};

// Stops the reply to a message, or withdraws a message whose turn has not begun.
struct Cancel {
  std::string id;
};

// How many bytes of messages the client has received on this connection.
struct Acknowledge {
  std::uint64_t bytes = 0;
};

struct Ping {};
struct Pong {};

}  // namespace fabula::turn::said

namespace fabula::turn {

// The longest text of one message, as over HTTP.
inline constexpr std::int64_t kMaximumSaidBytes = 200'000;

using Said = std::variant<said::Hello, said::Start, said::Message, said::Cancel, said::Acknowledge,
                          said::Ping, said::Pong>;

// The facts about a reply that are known before its first event.
struct SocketTelling {
  std::string id;  // the client's name for the message, else the id of the user's message
  std::uint64_t offset_bytes = 0;  // bytes of the reply's text that the client has already
};

class SocketProtocol {
 public:
  // The sub-protocol that a client asks for; empty: for clients that ask for none.
  virtual std::string_view name() const = 0;

  // Clients begin with a Hello.
  virtual bool begins_with_hello() const { return false; }
  // Clients acknowledge messages, and are sent no more than they keep up with.
  virtual bool is_acknowledged() const { return false; }
  // Clients answer pings.
  virtual bool is_pinged() const { return false; }
  // Errors can only be reported by closing the socket.
  virtual bool closes_on_problem() const { return false; }
  // How long a client may be silent while no reply runs; 0: as long as it answers pings.
  virtual std::int64_t longest_idle_ms() const { return 0; }

  // Reads one text message. A Problem is sent to the client.
  virtual Result<Said> read(std::string_view message) const = 0;
  // The client's name for a Message that cannot be read, for the refusal; empty if it has none.
  virtual std::string id_of_refused(std::string_view /*message*/) const { return {}; }

  // Writes a reply; each function of the framing writes one message or none.
  virtual std::unique_ptr<Framing> framing(SocketTelling telling) const = 0;

  // Write messages about the connection itself, one each, or nothing if the protocol has no such
  // message.
  virtual void ping(std::string&) const {}
  virtual void pong(std::string&) const {}
  // `id`: the message that the problem is about; empty: none.
  virtual void refusal(std::string&, std::string_view /*id*/, const Problem&) const {}
  // The message was withdrawn before its turn began.
  virtual void taken_back(std::string&, std::string_view /*id*/) const {}
  // The connection ends here; the client should open another after this time.
  virtual void reconnect(std::string&, std::int64_t /*after_ms*/) const {}

 protected:
  ~SocketProtocol() = default;
};

}  // namespace fabula::turn

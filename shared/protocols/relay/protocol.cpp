#include "shared/protocols/relay/protocol.hpp"

#include "shared/protocols/relay/stream_framing.hpp"

namespace fabula::protocols::relay {
namespace {

std::unique_ptr<turn::Framing> make_stream(const turn::Telling& telling) {
  return std::make_unique<StreamFraming>(telling);
}

}  // namespace

constinit const turn::Protocol kProtocol{.name = "relay", .stream = &make_stream};

}  // namespace fabula::protocols::relay

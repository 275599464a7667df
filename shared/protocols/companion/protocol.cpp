#include "shared/protocols/companion/protocol.hpp"

#include "shared/protocols/companion/stream_framing.hpp"
#include "shared/protocols/companion/whole_framing.hpp"

namespace fabula::protocols::companion {
namespace {

std::unique_ptr<turn::Framing> make_stream(const turn::Telling& telling) {
  return std::make_unique<StreamFraming>(telling);
}

std::unique_ptr<turn::Framing> make_whole(const turn::Telling& telling) {
  return std::make_unique<WholeFraming>(telling);
}

}  // namespace

constinit const turn::Protocol kProtocol{
    .name = "companion", .stream = &make_stream, .whole = &make_whole};

}  // namespace fabula::protocols::companion

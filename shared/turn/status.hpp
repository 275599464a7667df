// The status of a generation (design section 5); the names are the database's.
#pragma once

#include <cstdint>
#include <string_view>

namespace fabula::turn {

enum class Status : std::uint8_t {
  streaming,
  complete,      // the provider ended the reply
  stopped,       // a cancel request
  disconnected,  // the client left
  interrupted,   // the isolate ended or died
  failed,        // an error of the provider, or a time limit
};

constexpr std::string_view name(Status status) {
  switch (status) {
    case Status::streaming:
      return "streaming";
    case Status::complete:
      return "complete";
    case Status::stopped:
      return "stopped";
    case Status::disconnected:
      return "disconnected";
    case Status::interrupted:
      return "interrupted";
    case Status::failed:
      return "failed";
  }
  return "failed";
}

}  // namespace fabula::turn

// A model server that refuses parts of requests although its protocol allows them, and that answers
// at only one path.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/peers/scripted_model.hpp"
#include "wasm/sim/world.hpp"

namespace fabula::tests {

class PickyServer {
 public:
  // All URLs of the server begin with `host`; it answers only at `path`. `refused` are parts of
  // bodies: the error names the first one found. Other requests are answered with `text`.
  PickyServer(sim::World& world, const std::string& host, const std::string& path,
              std::vector<std::string> refused, std::string text)
      : world_(world), refused_(std::move(refused)), text_(std::move(text)) {
    world.serve(host, [this, url = host + path](auto exchange) {
      asked.push_back(exchange->url);
      bodies.push_back(exchange->body);
      if (exchange->url != url) return answer(exchange, 404, R"({"detail":"Not Found"})");
      const auto part =
          std::find_if(refused_.begin(), refused_.end(), [&exchange](const std::string& each) {
            return exchange->body.find('"' + each + '"') != std::string::npos;
          });
      if (part == refused_.end()) return answer(exchange, 200, text_event(text_) + end_events());
      answer(exchange, 400,
             R"({"error":{"message":"Unsupported parameter: ')" + *part +
                 R"(' is not supported.","type":"invalid_request_error"}})");
    });
  }
  PickyServer(const PickyServer&) = delete;
  PickyServer& operator=(const PickyServer&) = delete;

  std::vector<std::string> asked;   // the URLs
  std::vector<std::string> bodies;  // of the same requests

 private:
  void answer(const std::shared_ptr<sim::Exchange>& exchange, std::uint32_t status,
              const std::string& bytes) {
    world_.clock().after(20, [exchange, status, bytes] {
      exchange->respond(status);
      exchange->send(bytes);
      exchange->end();
    });
  }

  sim::World& world_;
  std::vector<std::string> refused_;
  std::string text_;
};

}  // namespace fabula::tests

// Commands about the host's WebCrypto. Their input is the request's body: parts, each after its
// length as four bytes, little endian.
#include <array>
#include <cstring>
#include <vector>

#include "tests/hosts/guests/raw/command.hpp"

namespace fabula::raw {
namespace {

enum : std::uint32_t { kRead = 1, kResult = 2 };

// Collects the request's body, splits it and calls `compute`.
class CryptoCommand : public Command {
 public:
  explicit CryptoCommand(const Request& request) : Command(request), buffer_(65536) {}

  void begin() override { body_read(kRead, 0, buffer_); }

  void operation_done(const Completion& completion) override {
    if (completion.operation == kResult) return computed(completion);
    body_.append(buffer_.data(), completion.value);
    if (completion.value > 0) return body_read(kRead, 0, buffer_);
    std::string_view rest = body_;
    while (rest.size() >= sizeof(std::uint32_t)) {
      std::uint32_t length = 0;
      std::memcpy(&length, rest.data(), sizeof length);
      parts_.push_back(rest.substr(sizeof length, length));
      rest.remove_prefix(sizeof length + length);
    }
    compute();
  }

 protected:
  virtual void compute() = 0;
  virtual void computed(const Completion& completion) = 0;

  const char* data(std::size_t part) const { return parts_[part].data(); }
  std::uint32_t size(std::size_t part) const {
    return static_cast<std::uint32_t>(parts_[part].size());
  }

 private:
  std::vector<char> buffer_;
  std::string body_;
  std::vector<std::string_view> parts_;
};

// Part 0: data. With part 1, a key: its HMAC.
class Digest : public CryptoCommand {
 public:
  Digest(const Request& request, bool is_keyed) : CryptoCommand(request), is_keyed_(is_keyed) {}

 protected:
  void compute() override {
    if (is_keyed_) {
      fabula_import_hmac_sha256(handle(), kResult, data(1), size(1), data(0), size(0),
                                digest_.data());
    } else {
      fabula_import_sha256(handle(), kResult, data(0), size(0), digest_.data());
    }
  }

  void computed(const Completion& completion) override {
    if (!is_ok(completion)) return answer("status " + decimal(completion.status));
    answer({digest_.data(), completion.value});
  }

 private:
  bool is_keyed_;
  std::array<char, 32> digest_{};
};

// Parts: key, data, signature; the algorithm in the query.
class Verify : public CryptoCommand {
 public:
  using CryptoCommand::CryptoCommand;

 protected:
  void compute() override {
    fabula_import_verify(handle(), kResult, request().number("algorithm", 0), data(0), size(0),
                         data(1), size(1), data(2), size(2));
  }

  void computed(const Completion& completion) override {
    answer(decimal(completion.status) + " " + decimal(completion.value));
  }
};

// Parts: key, nonce, context, data.
class AesGcm : public CryptoCommand {
 public:
  AesGcm(const Request& request, bool encrypts) : CryptoCommand(request), encrypts_(encrypts) {}

 protected:
  void compute() override {
    result_.resize(size(3) + kTagBytes);
    const auto start = encrypts_ ? &fabula_import_aes_gcm_encrypt : &fabula_import_aes_gcm_decrypt;
    start(handle(), kResult, data(0), data(1), data(2), size(2), data(3), size(3), result_.data());
  }

  void computed(const Completion& completion) override {
    if (!is_ok(completion)) return answer("status " + decimal(completion.status));
    answer({result_.data(), completion.value});
  }

 private:
  static constexpr std::size_t kTagBytes = 16;
  bool encrypts_;
  std::vector<char> result_;
};

}  // namespace

Command* make_crypto_command(const Request& request) {
  if (request.command() == "sha256") return new Digest(request, false);
  if (request.command() == "hmac-sha256") return new Digest(request, true);
  if (request.command() == "verify") return new Verify(request);
  if (request.command() == "aes-gcm-encrypt") return new AesGcm(request, true);
  if (request.command() == "aes-gcm-decrypt") return new AesGcm(request, false);
  return nullptr;
}

}  // namespace fabula::raw

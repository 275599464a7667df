// Linked into every module: reports the reason to the host before the C++ runtime traps. These
// definitions also replace the runtime's own versions, which pull in stdio.
#include <cstdarg>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <version>

#include "wasm/abi/imports.hpp"

namespace {

[[noreturn]] void panic(const char* message) {
  fabula_import_panic(message, static_cast<std::uint32_t>(std::strlen(message)));
  __builtin_trap();
}

}  // namespace

// libc++abi's function for ending the program.
extern "C" [[noreturn]] void abort_message(const char* format, ...) { panic(format); }

// libc++'s hardening, and functions that would throw with exceptions (length_error, bad_alloc,
// ...).
_LIBCPP_BEGIN_NAMESPACE_STD
[[noreturn]] void __libcpp_verbose_abort(const char* format, ...) noexcept { panic(format); }
_LIBCPP_END_NAMESPACE_STD

extern "C" void abort() { panic("abort"); }

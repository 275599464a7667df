# Tells CMake that this system exists; everything else is in wasi-toolchain.cmake.

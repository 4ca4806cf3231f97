#!/usr/bin/env bash
# Puts what the extension's tests need into a cache folder, once: Node 24, code-server and playwright-core from npm.
#
#   ./install.sh          installs what is missing (code-server is compiled: some minutes, 0.8 GB)
#   ./install.sh --check  installs nothing; says what is missing and returns 1 if something is
#
# The folder is LSP_EXPERTS_VSCODE_TEST_CACHE, or ~/.cache/lsp-experts-vscode-test. Chromium and the headers that
# code-server is compiled with come from the system: as root on Debian they are installed, else named.
set -euo pipefail

cache=${LSP_EXPERTS_VSCODE_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/lsp-experts-vscode-test}
node=node@24 # the only one that code-server's installation accepts
code_server=code-server@4.139.1
playwright=playwright-core@1.65.1
debian_packages=(chromium fonts-dejavu-core g++ make python3 pkg-config libkrb5-dev libsecret-1-dev libx11-dev libxkbfile-dev)

# is_there FOLDER PACKAGE: this version was installed to its end
is_there() { [[ $(cat "$cache/$1/installed" 2>/dev/null) == "$2" ]]; }

chromium() { command -v "${LSP_EXPERTS_TEST_CHROMIUM:-chromium}" >/dev/null; }

missing() {
  chromium || echo "chromium (or LSP_EXPERTS_TEST_CHROMIUM, its path)"
  is_there node24 "$node" || echo "$node"
  is_there cs "$code_server" || echo "$code_server"
  is_there playwright "$playwright" || echo "$playwright"
}

install_system_packages() {
  if ! chromium || ! { is_there cs "$code_server" || pkg-config --exists krb5 libsecret-1 x11 xkbfile; }; then
    if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
      echo "Install these first, or what they are called on your system: ${debian_packages[*]}" >&2
      exit 1
    fi
    apt-get update
    apt-get install -y --no-install-recommends "${debian_packages[@]}"
  fi
}

# install_package FOLDER PACKAGE: a killed installation leaves no `installed`, and starts anew
install_package() {
  is_there "$1" "$2" && return
  echo "Installing $2 into $cache/$1 ..."
  rm -rf "${cache:?}/$1"
  mkdir -p "$cache/$1"
  (cd "$cache/$1" && npm init -y >/dev/null && npm install --no-audit --no-fund "$2")
  echo "$2" >"$cache/$1/installed"
}

if [[ ${1:-} == --check ]]; then
  lacking=$(missing | paste -sd ' ')
  [[ -z $lacking ]] || { echo "not there: $lacking"; exit 1; }
  exit 0
fi

mkdir -p "$cache"
exec 9>"$cache/lock" && flock 9 # one installation at a time
[[ -n $(missing) ]] || exit 0
install_system_packages
install_package node24 "$node"
PATH=$cache/node24/node_modules/.bin:$PATH
headers=("$cache"/node24/node_modules/node/node_modules/node-*/include)
export npm_config_nodedir=${headers[0]%/include} # else native parts are compiled for another Node's headers
JOBS=${JOBS:-1} install_package cs "$code_server"
install_package playwright "$playwright"

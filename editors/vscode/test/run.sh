#!/usr/bin/env bash
# Tests the extension in a real VS Code: installs the tools once, builds the .vsix where a source is newer, runs.
#
#   ./run.sh                   all tests
#   ./run.sh FILE.test.mjs ... these
#   ./run.sh screenshot.mjs    a picture for the README; it says how
#
# LSP_EXPERTS_TEST_ARTEFACTS=FOLDER keeps pictures of what was seen.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
"$here/install.sh"
export LSP_EXPERTS_VSCODE_TEST_CACHE=${LSP_EXPERTS_VSCODE_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/lsp-experts-vscode-test}
export PATH=$LSP_EXPERTS_VSCODE_TEST_CACHE/node24/node_modules/.bin:$PATH

build() (
  cd "$here/.."
  [[ node_modules/.package-lock.json -nt package-lock.json ]] || npm ci --no-audit --no-fund
  [[ -e lsp-experts.vsix && -z $(find . -newer lsp-experts.vsix -type f -not -path './node_modules/*' -not -path './test/*') ]] ||
    npm run package
)

[[ -n ${LSP_EXPERTS_TEST_VSIX:-} ]] || build
cd "$here"
if [[ ${1:-} == screenshot.mjs ]]; then
  exec node "$@"
fi
[[ $# -gt 0 ]] || set -- *.test.mjs
exec node --test --test-concurrency=1 --test-timeout=600000 --test-reporter=spec "$@"

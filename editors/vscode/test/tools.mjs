// Where the tools of the tests are: what install.sh put into its cache folder, and what environment variables name.
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

const here = import.meta.dirname;
const userCache = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
const cache = process.env.LSP_EXPERTS_VSCODE_TEST_CACHE ?? join(userCache, "lsp-experts-vscode-test");

export const { chromium: browser } = createRequire(join(cache, "playwright", "package.json"))("playwright-core");
export const codeServer = join(cache, "cs", "node_modules", ".bin", "code-server");
export const chromiumPath = process.env.LSP_EXPERTS_TEST_CHROMIUM ?? "/usr/bin/chromium";
export const extension = resolve(process.env.LSP_EXPERTS_TEST_VSIX ?? join(here, "..", "lsp-experts.vsix"));

const python = process.env.LSP_EXPERTS_TEST_PYTHON ?? "python3";
export const scriptedServer = `'${python}' '${resolve(here, "../../../tests/editors/launch_experts.py")}'`;

// Pictures of what was seen: kept where this names a folder.
export const artefacts = process.env.LSP_EXPERTS_TEST_ARTEFACTS;

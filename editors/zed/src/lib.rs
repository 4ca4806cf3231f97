//! Tells Zed how to start the server: `lsp-experts serve`, as found on the user's PATH. Nothing is downloaded.

use zed_extension_api::{self as zed, settings::LspSettings, LanguageServerId, Result, Worktree};

const SERVER: &str = "lsp-experts";

struct LspExperts;

impl zed::Extension for LspExperts {
    fn new() -> Self {
        Self
    }

    fn language_server_command(&mut self, _: &LanguageServerId, worktree: &Worktree) -> Result<zed::Command> {
        let command = worktree.which(SERVER).ok_or(
            "lsp-experts is not on the PATH: pip install lsp-experts, or set lsp.lsp-experts.binary.path in the settings",
        )?;
        Ok(zed::Command {
            command,
            args: vec!["serve".into()],
            env: worktree.shell_env(),
        })
    }

    fn language_server_initialization_options(
        &mut self,
        _: &LanguageServerId,
        worktree: &Worktree,
    ) -> Result<Option<zed::serde_json::Value>> {
        Ok(LspSettings::for_worktree(SERVER, worktree)?.initialization_options)
    }
}

zed::register_extension!(LspExperts);

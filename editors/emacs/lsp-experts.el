;;; lsp-experts.el --- Completion by small expert models, on your machine  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0
;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1"))
;; Keywords: convenience, languages

;;; Commentary:

;; Ghost text from LSP Experts, a language server that keeps the small expert
;; model of the language under the cursor in memory.
;;
;; With lsp-mode it runs beside the language's own server:
;;
;;   (require 'lsp-experts)
;;   (add-hook 'prog-mode-hook #'lsp-deferred)
;;
;; eglot runs one server per buffer; where LSP Experts shall be that one:
;;
;;   (require 'lsp-experts)
;;   (lsp-experts-eglot-stand-in 'go-mode 'mhtml-mode)
;;   (add-hook 'prog-mode-hook #'eglot-ensure)
;;
;; While ghost text is shown: TAB accepts it, M-f its next word, C-e its next
;; line, M-n and M-p show others, C-g takes it away.

;;; Code:

(require 'lsp-experts-mode)

(with-eval-after-load 'lsp-mode
  (require 'lsp-experts-lsp))

(autoload 'lsp-experts-eglot-stand-in "lsp-experts-eglot")

(provide 'lsp-experts)
;;; lsp-experts.el ends here

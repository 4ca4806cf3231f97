;;; lsp-experts-server.el --- Which server to start, and its settings  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; Which program serves, what it is told at its start, and what the user reads
;; where it is missing.

;;; Code:

(defgroup lsp-experts nil
  "Completion by small expert models, on your own machine."
  :group 'tools
  :prefix "lsp-experts-")

(defcustom lsp-experts-command '("lsp-experts" "serve")
  "Program and arguments that start the server."
  :type '(repeat string)
  :risky t)

(defcustom lsp-experts-settings nil
  "Settings of the server, as a property list.
For example (:confidence 0.4 :preferred (:go \"qwen2.5-coder-0.5b\")); false
is :json-false.  Restart the server after a change.  The README of LSP
Experts lists them all."
  :type 'plist
  :risky t)

(defvar lsp-experts-server--told nil
  "The missing program that the user was told of.")

(defun lsp-experts-server-there-p ()
  "Return non-nil if the server's program is there.
If it is not, tell the user what to do, once."
  (let ((program (car lsp-experts-command)))
    (or (executable-find program)
        (unless (equal program lsp-experts-server--told)
          (setq lsp-experts-server--told program)
          (display-warning
           'lsp-experts
           (format "The program `%s' is not in your PATH.
Install LSP Experts with Python 3.11 or newer:  `pipx install .' in a checkout
or customize `lsp-experts-command'.  An Emacs that was not started from a
shell may have another `exec-path'." program))
          nil))))

(provide 'lsp-experts-server)
;;; lsp-experts-server.el ends here

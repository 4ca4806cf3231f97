;;; lsp-experts-connection.el --- What is needed of an LSP client  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; What LSP Experts needs of an LSP client, as generic functions.  eglot and
;; lsp-mode implement them in files of their own, so that nothing else knows
;; which client it is.  JSON objects are plists, arrays vectors, false is
;; nil or :json-false.

;;; Code:

(require 'cl-lib)

(defvar lsp-experts-connection-functions nil
  "Hook whose functions return the current buffer's connection, or nil.")

(defvar lsp-experts-status-hook nil
  "Hook run with a connection whose status has changed.")

(defun lsp-experts-connection ()
  "Return the current buffer's connection to LSP Experts, or nil."
  (run-hook-with-args-until-success 'lsp-experts-connection-functions))

(defun lsp-experts-connection-or-lose ()
  "Return the current buffer's connection to LSP Experts, or tell the user."
  (or (lsp-experts-connection)
      (user-error "LSP Experts does not serve this buffer")))

(cl-defgeneric lsp-experts-request (connection method params callback)
  "Send the request METHOD with PARAMS over CONNECTION.
Call CALLBACK with the result.  A request that fails is not answered.")

(cl-defgeneric lsp-experts-notify (connection method params)
  "Send the notification METHOD with PARAMS over CONNECTION.")

(cl-defgeneric lsp-experts-document (connection)
  "Return the current buffer's TextDocumentIdentifier for CONNECTION.")

(cl-defgeneric lsp-experts-position (connection)
  "Return point as a Position in the text that CONNECTION's server knows.
Tell the server first of changes that it was not told yet.")

(cl-defgeneric lsp-experts-point (connection position)
  "Return where POSITION, sent by CONNECTION's server, is in this buffer.")

(cl-defgeneric lsp-experts-last-status (connection)
  "Return the status that CONNECTION's server sent last, or nil.")

(defun lsp-experts-at (object &rest path)
  "Return what stands at PATH, keywords and indices, in the JSON OBJECT."
  (dolist (step path object)
    (setq object (cond ((keywordp step) (plist-get object step))
                       ((< step (length object)) (aref object step))))))

(provide 'lsp-experts-connection)
;;; lsp-experts-connection.el ends here

;;; lsp-experts-eglot.el --- LSP Experts in eglot  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; eglot runs one server per buffer.  So LSP Experts takes the place of the
;; language's own server, in the modes that the user names and no others; to
;; have both, use lsp-mode.

;;; Code:

(require 'cl-lib)
(require 'eglot)
(require 'lsp-experts-connection)
(require 'lsp-experts-mode)
(require 'lsp-experts-server)

(declare-function eglot--signal-textDocument/didChange "eglot")

(defclass lsp-experts-eglot-server (eglot-lsp-server)
  ((status :initform nil :accessor lsp-experts-eglot--status
           :documentation "What the server said last of its experts."))
  :documentation "LSP Experts, started by eglot.")

;;;###autoload
(defun lsp-experts-eglot-stand-in (&rest modes)
  "Let eglot start LSP Experts in major MODES, in place of their own servers."
  (add-to-list 'eglot-server-programs
               (cons modes #'lsp-experts-eglot--contact)))

(defun lsp-experts-eglot--contact (&rest _)
  "Return what eglot shall start."
  (unless (lsp-experts-server-there-p)
    (user-error "LSP Experts is not installed: see the warning"))
  (cons 'lsp-experts-eglot-server lsp-experts-command))

(defun lsp-experts-eglot--connection ()
  "Return the connection of this buffer, if it is one to LSP Experts."
  (let ((server (and (eglot-managed-p) (eglot-current-server))))
    (and (cl-typep server 'lsp-experts-eglot-server) server)))

(defun lsp-experts-eglot--managed ()
  "Turn the minor mode on or off with eglot."
  (let ((on (and (lsp-experts-eglot--connection) t)))
    (unless (eq on lsp-experts-mode)
      (lsp-experts-mode (if on 1 -1)))))

(add-hook 'lsp-experts-connection-functions #'lsp-experts-eglot--connection)
(add-hook 'eglot-managed-mode-hook #'lsp-experts-eglot--managed)

;;; What the server is told at its start

(cl-defmethod eglot-initialization-options ((_ lsp-experts-eglot-server))
  "Return the user's settings."
  (or lsp-experts-settings (make-hash-table :size 1)))

(cl-defmethod eglot-client-capabilities ((_ lsp-experts-eglot-server))
  "Add inline completion and the status to what eglot can do."
  (let* ((all (cl-call-next-method))
         (text (copy-sequence (plist-get all :textDocument))))
    (plist-put (plist-put (copy-sequence all) :textDocument
                          (plist-put text :inlineCompletion
                                     '(:dynamicRegistration :json-false)))
               :experimental '(:lspExpertsStatus t))))

(cl-defmethod eglot-handle-request
  ((_ lsp-experts-eglot-server) (_method (eql workspace/configuration))
   &key items)
  "Answer with the settings of the directory, or else the user's, for ITEMS."
  (cl-map 'vector
          (lambda (item found)
            (or found
                (and (equal (plist-get item :section) "lspExperts")
                     lsp-experts-settings)))
          items (cl-call-next-method)))

;; eglot 1.9 has one language per server, newer ones one per mode.
(when (fboundp 'eglot--language-id)
  (cl-defmethod eglot--language-id ((_ lsp-experts-eglot-server))
    "Return the language of the current buffer, which the server shall open."
    (or (get major-mode 'eglot-language-id)
        (string-remove-suffix "-mode" (symbol-name major-mode)))))

;;; What the server says by itself

(cl-defmethod eglot-handle-notification
  ((server lsp-experts-eglot-server) (_method (eql lspExperts/status))
   &rest status)
  "Keep STATUS, which SERVER sent, and tell those who want to know."
  (setf (lsp-experts-eglot--status server) status)
  (run-hook-with-args 'lsp-experts-status-hook server))

;;; A connection's duties

(cl-defmethod lsp-experts-request
  ((server lsp-experts-eglot-server) method params callback)
  "Send METHOD with PARAMS to SERVER; CALLBACK gets the result."
  (jsonrpc-async-request server (intern (concat ":" method)) params
                         :success-fn callback
                         :error-fn #'ignore
                         :timeout-fn #'ignore))

(cl-defmethod lsp-experts-notify
  ((server lsp-experts-eglot-server) method params)
  "Send METHOD with PARAMS to SERVER."
  (jsonrpc-notify server (intern (concat ":" method)) params))

(cl-defmethod lsp-experts-document ((_ lsp-experts-eglot-server))
  "Return the identifier of this buffer in eglot."
  (eglot--TextDocumentIdentifier))

(cl-defmethod lsp-experts-position ((_ lsp-experts-eglot-server))
  "Return point as eglot counts, which else waits until Emacs is idle."
  (eglot--signal-textDocument/didChange)
  (save-excursion (eglot--pos-to-lsp-position)))

(cl-defmethod lsp-experts-point ((_ lsp-experts-eglot-server) position)
  "Return where POSITION is, as eglot counts."
  (eglot--lsp-position-to-point position))

(cl-defmethod lsp-experts-last-status ((server lsp-experts-eglot-server))
  "Return what SERVER said last."
  (lsp-experts-eglot--status server))

(provide 'lsp-experts-eglot)
;;; lsp-experts-eglot.el ends here

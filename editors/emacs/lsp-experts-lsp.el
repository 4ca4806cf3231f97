;;; lsp-experts-lsp.el --- LSP Experts in lsp-mode  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; lsp-mode starts LSP Experts as an add-on, beside the language's own server,
;; wherever the user starts lsp-mode.

;;; Code:

(require 'cl-lib)
(require 'lsp-mode)
(require 'lsp-experts-connection)
(require 'lsp-experts-mode)
(require 'lsp-experts-server)

(defcustom lsp-experts-lsp-popup nil
  "Whether suggestions also come in the completion popup.
lsp-mode opens its popup when all servers have answered, so that a model
would delay what the language's own server knows at once."
  :type 'boolean
  :group 'lsp-experts)

(defvar lsp-inline-completion-enable)

(defconst lsp-experts-lsp--status "lspExperts"
  "Key of the last status among the metadata of a workspace.")

(defun lsp-experts-lsp--settings ()
  "Return the whole section of settings."
  lsp-experts-settings)

(lsp-register-custom-settings '(("lspExperts" lsp-experts-lsp--settings)))

(lsp-register-client
 (make-lsp-client
  :server-id 'lsp-experts
  :add-on? t
  :priority -1
  :multi-root t                     ; one server, so that memory is counted once
  :new-connection (lsp-stdio-connection (lambda () lsp-experts-command)
                                        #'lsp-experts-server-there-p)
  :activation-fn #'lsp-experts-lsp--serves-p
  :initialization-options (lambda () (or lsp-experts-settings
                                         (make-hash-table :size 1)))
  ;; lsp-mode 8 counts characters, which is what utf-32 means.
  :custom-capabilities '((general . ((positionEncodings . ["utf-32" "utf-16"])))
                         (experimental . ((lspExpertsStatus . t))))
  :notification-handlers
  (let ((handlers (make-hash-table :test 'equal)))
    (puthash "lspExperts/status" #'lsp-experts-lsp--status-came handlers)
    handlers)
  :initialized-fn #'lsp-experts-lsp--initialized
  :before-file-open-fn #'lsp-experts-lsp--before-open
  :after-open-fn #'lsp-experts-mode))

(defun lsp-experts-lsp--serves-p (file mode)
  "Return non-nil if lsp-mode has a name for the language of FILE in MODE."
  (cl-some (lambda (known)
             (if (stringp (car known))
                 (string-match-p (car known) (or file ""))
               (eq (car known) mode)))
           lsp-language-id-configuration))

(defun lsp-experts-lsp--initialized (workspace)
  "Leave the popup to the language's own server, if WORKSPACE's user wants it."
  (unless lsp-experts-lsp-popup
    (setf (lsp--workspace-server-capabilities workspace)
          (lsp-put (lsp--workspace-server-capabilities workspace)
                   :completionProvider nil))))

(defun lsp-experts-lsp--before-open (_workspace)
  "Keep lsp-mode's own ghost text (10 and newer) out of this buffer."
  (setq-local lsp-inline-completion-enable nil))

(defun lsp-experts-lsp--status-came (workspace status)
  "Keep STATUS, which WORKSPACE's server sent; tell those who want to know."
  (puthash lsp-experts-lsp--status (lsp-experts-lsp--plist status)
           (lsp--workspace-metadata workspace))
  (run-hook-with-args 'lsp-experts-status-hook workspace))

(defun lsp-experts-lsp--plist (object)
  "Return the JSON OBJECT with plists in place of hash tables."
  (cond ((hash-table-p object)
         (cl-loop for key being the hash-keys of object
                  using (hash-values value)
                  nconc (list (intern (concat ":" key))
                              (lsp-experts-lsp--plist value))))
        ((vectorp object) (cl-map 'vector #'lsp-experts-lsp--plist object))
        (t object)))

(defun lsp-experts-lsp--connection ()
  "Return this buffer's workspace of LSP Experts, or nil."
  (cl-find 'lsp-experts (lsp-workspaces)
           :key (lambda (workspace)
                  (lsp--client-server-id (lsp--workspace-client workspace)))))

(defun lsp-experts-lsp--managed ()
  "Turn the minor mode off with lsp-mode."
  (unless (or lsp-managed-mode (not lsp-experts-mode))
    (lsp-experts-mode -1)))

(add-hook 'lsp-experts-connection-functions #'lsp-experts-lsp--connection)
(add-hook 'lsp-managed-mode-hook #'lsp-experts-lsp--managed)

;;; A connection's duties

(cl-defmethod lsp-experts-request
  ((workspace lsp--workspace) method params callback)
  "Send METHOD with PARAMS to WORKSPACE's server; CALLBACK gets the result."
  (with-lsp-workspace workspace
    (lsp-request-async
     method params
     (lambda (result) (funcall callback (lsp-experts-lsp--plist result)))
     :error-handler #'ignore
     :mode 'detached)))

(cl-defmethod lsp-experts-notify ((workspace lsp--workspace) method params)
  "Send METHOD with PARAMS to WORKSPACE's server."
  (with-lsp-workspace workspace
    (lsp-notify method params)))

(cl-defmethod lsp-experts-document ((_ lsp--workspace))
  "Return the identifier of this buffer in lsp-mode."
  (lsp--text-document-identifier))

(cl-defmethod lsp-experts-position ((_ lsp--workspace))
  "Return point as lsp-mode counts; the server has the whole text already."
  (lsp--cur-position))

(cl-defmethod lsp-experts-point ((_ lsp--workspace) position)
  "Return where POSITION is, as lsp-mode counts."
  (save-excursion
    (save-restriction
      (widen)
      (goto-char (point-min))
      (forward-line (plist-get position :line))
      (min (+ (point) (plist-get position :character))
           (line-end-position)))))

(cl-defmethod lsp-experts-last-status ((workspace lsp--workspace))
  "Return what WORKSPACE's server said last."
  (gethash lsp-experts-lsp--status (lsp--workspace-metadata workspace)))

(provide 'lsp-experts-lsp)
;;; lsp-experts-lsp.el ends here

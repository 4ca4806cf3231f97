;;; lsp-experts-mode.el --- What LSP Experts does in a buffer  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; The minor mode that a client turns on in each buffer that the server serves:
;; ghost text, the expert's name in the mode line, and telling the server where
;; the user looks, so that the expert is there before the first key.

;;; Code:

(require 'cl-lib)
(require 'lsp-experts-connection)
(require 'lsp-experts-inline)
(require 'lsp-experts-server)
(require 'lsp-experts-status)

(defvar lsp-experts-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "C-c +") #'lsp-experts-complete)
    map)
  "Keys in buffers that LSP Experts serves.")

;;;###autoload
(define-minor-mode lsp-experts-mode
  "Ghost text by small expert models.
It turns itself on where eglot or lsp-mode has started LSP Experts."
  :lighter (:eval (lsp-experts-status-mode-line))
  :group 'lsp-experts
  (cond (lsp-experts-mode
         (dolist (hook '(window-selection-change-functions
                         window-buffer-change-functions))
           (add-hook hook #'lsp-experts-mode--looked-at nil t))
         (lsp-experts-inline-on)
         (when (eq (current-buffer) (window-buffer))
           (lsp-experts-mode--looked-at (selected-window))))
        (t
         (dolist (hook '(window-selection-change-functions
                         window-buffer-change-functions))
           (remove-hook hook #'lsp-experts-mode--looked-at t))
         (lsp-experts-inline-off))))

(defun lsp-experts-mode--looked-at (window)
  "Tell the server which buffer has the focus, if it is in WINDOW.
A window that is left takes its ghost text away."
  (with-current-buffer (window-buffer window)
    (if (not (eq window (selected-window)))
        (lsp-experts-ghost-hide)
      (when-let ((connection (lsp-experts-connection)))
        (lsp-experts-notify
         connection "textDocument/didFocus"
         (list :textDocument (lsp-experts-document connection)))))))

(defun lsp-experts-toggle ()
  "Turn completion off in all buffers, or on again."
  (interactive)
  (let* ((off (eq (plist-get lsp-experts-settings :enabled) :json-false))
         (connections
          (cl-loop for buffer in (buffer-list)
                   when (buffer-local-value 'lsp-experts-mode buffer)
                   collect (with-current-buffer buffer
                             (lsp-experts-ghost-hide)
                             (lsp-experts-connection)))))
    (setq lsp-experts-settings
          (plist-put (copy-sequence lsp-experts-settings)
                     :enabled (if off t :json-false)))
    (dolist (connection (delete-dups (delq nil connections)))
      (lsp-experts-notify
       connection "workspace/didChangeConfiguration"
       (list :settings (list :lspExperts lsp-experts-settings))))
    (message "LSP Experts is %s" (if off "on" "off"))))

(provide 'lsp-experts-mode)
;;; lsp-experts-mode.el ends here

;;; lsp-experts-status.el --- Which expert serves here, and why nothing shows  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; The server's status, for the mode line and for a reader.

;;; Code:

(require 'subr-x)
(require 'url-util)
(require 'lsp-experts-connection)

;;; What a status says

(defun lsp-experts-status-expert (status)
  "Return the id of the expert that answers first, by STATUS, or nil."
  (lsp-experts-at status :focused :experts 0 :id))

(defun lsp-experts-status-state (status)
  "Return the state of the expert that answers first, by STATUS, or nil."
  (let ((expert (lsp-experts-status-expert status)))
    (plist-get (seq-find (lambda (one) (equal (plist-get one :id) expert))
                         (plist-get status :experts))
               :state)))

(defun lsp-experts-status-silence (status)
  "Return why there was no suggestion last, by STATUS."
  (let ((reason (lsp-experts-at status :lastSilence :reason))
        (detail (lsp-experts-at status :lastSilence :detail)))
    (cond ((null reason) "no reason is known")
          ((string-empty-p (or detail "")) reason)
          (t (format "%s (%s)" reason detail)))))

(defun lsp-experts-status-short (status)
  "Return a word for the mode line, by STATUS, and whether it is a warning.
The answer is a cons."
  (let ((expert (lsp-experts-status-expert status))
        (state (lsp-experts-status-state status)))
    (cond ((not (plist-member status :enabled)) '("experts:broken" . t))
          ((memq (plist-get status :enabled) '(nil :json-false))
           '("experts:off" . t))
          ((not (string-empty-p (or (lsp-experts-at status :focused :excluded)
                                    "")))
           '("experts:excluded" . t))
          ((and (null expert)
                (not (string-empty-p (or (lsp-experts-at status :remote :says)
                                         ""))))
           (list (lsp-experts-at status :remote :id)))
          ((null expert) '("experts:none" . t))
          ((equal state "HOT") (list expert))
          ((member state '("LOADING" "UNPARKING")) (list (concat expert "…")))
          (t (list (format "(%s)" expert))))))

(defun lsp-experts-status-report (status)
  "Return STATUS as lines for a reader."
  (let ((focused (plist-get status :focused))
        (mb (lambda (bytes) (format "%.0f MB" (/ (or bytes 0) 1e6)))))
    (concat
     (format "LSP Experts %s, %s\n" (plist-get status :version)
             (car (lsp-experts-status-short status)))
     (format "Memory: %s of %s\n"
             (funcall mb (plist-get status :residentBytes))
             (funcall mb (plist-get status :budgetBytes)))
     (format "Last silence: %s\n" (lsp-experts-status-silence status))
     (if (string-empty-p (or (lsp-experts-at status :remote :says) "")) ""
       (format "%s (%s): %s\n" (lsp-experts-at status :remote :id)
               (lsp-experts-at status :remote :state)
               (lsp-experts-at status :remote :says)))
     (mapconcat (lambda (problem) (format "Problem: %s\n" problem))
                (plist-get status :problems) "")
     "\n"
     (if (null focused) "No document has the focus.\n"
       (concat
        (format "Here, for %s:\n" (plist-get focused :language))
        (if (string-empty-p (or (plist-get focused :excluded) "")) ""
          (format "  not completed: %s\n" (plist-get focused :excluded)))
        (mapconcat (lambda (one)
                     (format "  %-28s %s\n" (plist-get one :id)
                             (plist-get one :reason)))
                   (plist-get focused :experts) "")
        (mapconcat (lambda (group)
                     (format "  %s: %s\n" (car group)
                             (mapconcat (lambda (one) (plist-get one :id))
                                        (cdr group) ", ")))
                   (seq-group-by (lambda (one) (plist-get one :reason))
                                 (plist-get focused :skipped))
                   "")))
     "\nExperts:\n"
     (mapconcat (lambda (one)
                  (format "  %-28s %-9s %9s  %s\n" (plist-get one :id)
                          (plist-get one :state)
                          (funcall mb (plist-get one :residentBytes))
                          (or (plist-get one :reason) "")))
                (plist-get status :experts) ""))))

;;; Where it is shown

(defvar lsp-experts-status-map
  (let ((map (make-sparse-keymap)))
    (define-key map [mode-line mouse-1] #'lsp-experts-status)
    map)
  "Keys on the name of the expert in the mode line.")

(defun lsp-experts-status-mode-line ()
  "Return this buffer's part of the mode line."
  (let* ((connection (lsp-experts-connection))
         (status (and connection (lsp-experts-last-status connection))))
    (pcase-let
        ((`(,text . ,warning)
          (cond ((null connection) '("experts:no server" . t))
                ((and status (lsp-experts-status--here-p connection status))
                 (lsp-experts-status-short status))
                (t '("experts")))))
      (concat " " (propertize text
                              'face (and warning 'warning)
                              'help-echo (if (plist-get status :lastSilence)
                                             (lsp-experts-status-silence status)
                                           "mouse-1: status of LSP Experts")
                              'mouse-face 'mode-line-highlight
                              'local-map lsp-experts-status-map)))))

(defun lsp-experts-status--here-p (connection status)
  "Return non-nil if STATUS, CONNECTION's, is about this buffer or about none."
  (let ((uri (lsp-experts-at status :focused :uri)))
    (or (null uri)
        (string= (url-unhex-string uri)
                 (url-unhex-string
                  (plist-get (lsp-experts-document connection) :uri))))))

(defun lsp-experts-status ()
  "Show which experts are in memory, who serves here and why nothing came."
  (interactive)
  (let ((connection (lsp-experts-connection-or-lose)))
    (lsp-experts-request connection "lspExperts/status" nil
                         #'lsp-experts-status--show)))

(defun lsp-experts-status--show (status)
  "Show STATUS in a buffer of its own."
  (with-current-buffer (get-buffer-create "*LSP Experts*")
    (let ((inhibit-read-only t))
      (erase-buffer)
      (insert (lsp-experts-status-report status))
      (goto-char (point-min)))
    (special-mode)
    (display-buffer (current-buffer))))

(defun lsp-experts-status-refresh (_connection)
  "Draw the mode lines again.  For `lsp-experts-status-hook'."
  (force-mode-line-update t))

(add-hook 'lsp-experts-status-hook #'lsp-experts-status-refresh)

(provide 'lsp-experts-status)
;;; lsp-experts-status.el ends here

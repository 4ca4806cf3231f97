;;; lsp-experts-inline.el --- Ask for ghost text, accept it  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; Asks the server what would stand at point, whenever the user stops typing
;; for a moment or asks by hand, and shows the answer as ghost text.  An answer
;; to a place that was left is dropped; the server itself gives up an older
;; question when a newer one arrives, so none is cancelled here.

;;; Code:

(require 'cl-lib)
(require 'subr-x)
(require 'lsp-experts-connection)
(require 'lsp-experts-ghost)
(require 'lsp-experts-server)
(require 'lsp-experts-status)

(defcustom lsp-experts-automatic t
  "Whether suggestions come unasked.
If nil, only `lsp-experts-complete' asks."
  :type 'boolean
  :group 'lsp-experts)

(defcustom lsp-experts-idle-delay 0.05
  "Seconds without a key before a suggestion is asked for.
The server waits for a pause itself where it answers slower than you type."
  :type 'number
  :group 'lsp-experts)

(defcustom lsp-experts-inhibit-functions '(lsp-experts-busy-p)
  "Functions of no argument; nothing is shown unasked while one says non-nil."
  :type '(repeat function)
  :group 'lsp-experts)

(defvar lsp-experts-inline-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "TAB") #'lsp-experts-accept)
    (define-key map (kbd "<tab>") #'lsp-experts-accept)
    (define-key map (kbd "M-f") #'lsp-experts-accept-word)
    (define-key map (kbd "C-e") #'lsp-experts-accept-line)
    (define-key map (kbd "M-n") #'lsp-experts-next)
    (define-key map (kbd "M-p") #'lsp-experts-previous)
    (define-key map (kbd "C-g") #'lsp-experts-dismiss)
    map)
  "Keys while ghost text is shown.")

;; A minor mode's keys are on while its variable is non-nil.
(setf (alist-get 'lsp-experts-ghost--shown minor-mode-map-alist)
      lsp-experts-inline-map)

(defvar-local lsp-experts-inline--items nil
  "The suggestions for this place, as they came; the shown one first.")

(defvar-local lsp-experts-inline--place nil
  "Tick and point after the last command, or that were asked about since.")

(defvar-local lsp-experts-inline--unanswered nil
  "The place that was asked about and got nothing.")

(defvar-local lsp-experts-inline--timer nil
  "The timer that will ask.")

(defconst lsp-experts-inline--word
  "\\`[[:space:]\n]*\\(?:[[:word:]_]+\\|[^[:word:]_[:space:]\n]+\\)"
  "What `lsp-experts-accept-word' accepts.")

(defconst lsp-experts-inline--line "\\`\n?[^\n]*"
  "What `lsp-experts-accept-line' accepts.")

;;; Asking

(defun lsp-experts-busy-p ()
  "Return non-nil where ghost text would be in the way."
  (or buffer-read-only
      executing-kbd-macro
      (use-region-p)
      (bound-and-true-p completion-in-region-mode)
      (bound-and-true-p company-candidates)
      (bound-and-true-p corfu--candidates)
      (bound-and-true-p multiple-cursors-mode)
      (and (bound-and-true-p evil-local-mode)
           (not (memq (bound-and-true-p evil-state) '(insert emacs))))))

(defun lsp-experts-inline--inhibited-p ()
  "Return non-nil if nothing may be shown unasked."
  (or (not (eq (current-buffer) (window-buffer)))
      (run-hook-with-args-until-success 'lsp-experts-inhibit-functions)))

(defun lsp-experts-inline--here ()
  "Return what an answer must be about to be shown."
  (cons (buffer-chars-modified-tick) (point)))

(defun lsp-experts-inline--after-command ()
  "Follow the user: go on showing, hide, or ask."
  (let* ((here (lsp-experts-inline--here))
         (moved (not (equal here lsp-experts-inline--place)))
         (edited (not (equal (car here) (car lsp-experts-inline--place)))))
    (setq lsp-experts-inline--place here)
    (when (and lsp-experts-ghost--shown (lsp-experts-inline--inhibited-p))
      (lsp-experts-ghost-hide))
    (when (and moved (not (lsp-experts-ghost-follow)))
      (lsp-experts-inline--forget)
      (when (and edited lsp-experts-automatic)
        (setq lsp-experts-inline--timer
              (run-with-idle-timer lsp-experts-idle-delay nil
                                   #'lsp-experts-inline--ask-unasked
                                   (current-buffer)))))))

(defun lsp-experts-inline--forget ()
  "Show nothing, and ask nothing later."
  (lsp-experts-ghost-hide)
  (setq lsp-experts-inline--items nil
        lsp-experts-inline--unanswered nil)
  (when lsp-experts-inline--timer
    (cancel-timer lsp-experts-inline--timer)
    (setq lsp-experts-inline--timer nil)))

(defun lsp-experts-inline--ask-unasked (buffer)
  "Ask about point in BUFFER, if something may be shown there."
  (when (buffer-live-p buffer)
    (with-current-buffer buffer
      (unless (lsp-experts-inline--inhibited-p)
        (lsp-experts-inline--ask)))))

(defun lsp-experts-inline--ask (&optional by-hand)
  "Ask about point; BY-HAND: the user wants an answer in any case."
  (when-let ((connection (lsp-experts-connection)))
    (let ((buffer (current-buffer))
          (here (lsp-experts-inline--here)))
      (setq lsp-experts-inline--place here)
      (lsp-experts-request
       connection "textDocument/inlineCompletion"
       (list :textDocument (lsp-experts-document connection)
             :position (lsp-experts-position connection)
             :context (list :triggerKind (if by-hand 1 2)))
       (lambda (result)
         (when (buffer-live-p buffer)
           (with-current-buffer buffer
             (when (equal here (lsp-experts-inline--here))
               (lsp-experts-inline--answered connection result by-hand)))))))))

(defun lsp-experts-inline--answered (connection result by-hand)
  "Show RESULT, CONNECTION's answer for this place.
BY-HAND: say why there is none."
  (let ((items (append (if (vectorp result) result
                         (lsp-experts-at result :items))
                       nil))
        (shown (and lsp-experts-ghost--shown
                    (car lsp-experts-inline--items))))
    (cond ((and items (or by-hand (not (lsp-experts-inline--inhibited-p))))
           (setq lsp-experts-inline--items
                 (lsp-experts-inline--another-first items shown))
           (lsp-experts-inline--show connection))
          (by-hand (lsp-experts-inline--say-why connection))
          (t (setq lsp-experts-inline--unanswered
                   (lsp-experts-inline--here))))))

(defun lsp-experts-inline--another-first (items shown)
  "Return ITEMS, turned so that the first is not like SHOWN."
  (let* ((text (plist-get shown :insertText))
         (tail (cl-member-if-not
                (lambda (item) (equal (plist-get item :insertText) text))
                items)))
    (append tail (butlast items (length tail)))))

(defun lsp-experts-inline--show (connection)
  "Show the first item, which came over CONNECTION."
  (let* ((item (car lsp-experts-inline--items))
         (range (plist-get item :range))
         (point-of (lambda (key)
                     (if range
                         (lsp-experts-point connection (plist-get range key))
                       (point)))))
    (when (lsp-experts-ghost-show (funcall point-of :start)
                                  (funcall point-of :end)
                                  (plist-get item :insertText))
      (lsp-experts-notify connection "textDocument/didShowCompletion"
                          (list :item item)))))

(defun lsp-experts-inline--say-why (connection)
  "Ask over CONNECTION why there is no suggestion, and tell the user."
  (lsp-experts-request
   connection "lspExperts/status" nil
   (lambda (status)
     (message "LSP Experts has no suggestion here: %s"
              (lsp-experts-status-silence status)))))

(defun lsp-experts-inline--ask-again (connection)
  "Ask again where the user waits for an expert of CONNECTION that was loading.
For `lsp-experts-status-hook'."
  (with-current-buffer (window-buffer)
    (let ((status (lsp-experts-last-status connection)))
      (when (and lsp-experts-inline--unanswered
                 (equal lsp-experts-inline--unanswered
                        (lsp-experts-inline--here))
                 (eq connection (lsp-experts-connection))
                 (equal (lsp-experts-at status :lastSilence :reason) "loading")
                 (equal (lsp-experts-status-state status) "HOT"))
        (setq lsp-experts-inline--unanswered nil)
        (lsp-experts-inline--ask-unasked (current-buffer))))))

(add-hook 'lsp-experts-status-hook #'lsp-experts-inline--ask-again)

;;; Commands

(defun lsp-experts-complete ()
  "Ask for a suggestion here, whatever speaks against showing one."
  (interactive)
  (lsp-experts-connection-or-lose)
  (lsp-experts-inline--ask t))

(defun lsp-experts-accept ()
  "Put the ghost text into the buffer."
  (interactive)
  (lsp-experts-inline--accept nil))

(defun lsp-experts-accept-word ()
  "Put the next word of the ghost text into the buffer."
  (interactive)
  (lsp-experts-inline--accept lsp-experts-inline--word))

(defun lsp-experts-accept-line ()
  "Put the next line of the ghost text into the buffer."
  (interactive)
  (lsp-experts-inline--accept lsp-experts-inline--line))

(defun lsp-experts-inline--accept (regexp)
  "Put what REGEXP matches of the ghost text into the buffer, nil for all."
  (unless lsp-experts-ghost--shown
    (user-error "There is no ghost text"))
  (pcase-let* ((connection (lsp-experts-connection-or-lose))
               (item (car lsp-experts-inline--items))
               (text (plist-get item :insertText))
               (`(,length . ,all) (lsp-experts-ghost-insert regexp)))
    (if all
        (when-let ((command (plist-get item :command)))
          (lsp-experts-request
           connection "workspace/executeCommand"
           (list :command (plist-get command :command)
                 :arguments (plist-get command :arguments))
           #'ignore))
      (setq lsp-experts-inline--place (lsp-experts-inline--here))
      (lsp-experts-notify
       connection "textDocument/didPartiallyAcceptCompletion"
       (list :item item
             :acceptedLength (lsp-experts-inline--utf-16-length
                              (substring text 0 length)))))))

(defun lsp-experts-inline--utf-16-length (text)
  "Return how many UTF-16 units TEXT has."
  (/ (string-bytes (encode-coding-string text 'utf-16le)) 2))

(defun lsp-experts-next (&optional back)
  "Show another suggestion for this place; BACK: the one before it.
Where there is only one, ask for more."
  (interactive)
  (let ((connection (lsp-experts-connection-or-lose))
        (items lsp-experts-inline--items))
    (cond ((null (cdr items)) (lsp-experts-inline--ask t))
          (t (setq lsp-experts-inline--items
                   (if back
                       (append (last items) (butlast items))
                     (append (cdr items) (list (car items)))))
             (lsp-experts-inline--show connection)))))

(defun lsp-experts-previous ()
  "Show the suggestion before this one."
  (interactive)
  (lsp-experts-next t))

(defun lsp-experts-dismiss ()
  "Take the ghost text away."
  (interactive)
  (lsp-experts-inline--forget))

;;; On and off

(defun lsp-experts-inline-on ()
  "Follow the user in this buffer."
  (setq lsp-experts-inline--place (lsp-experts-inline--here))
  (add-hook 'post-command-hook #'lsp-experts-inline--after-command nil t))

(defun lsp-experts-inline-off ()
  "Follow no more."
  (lsp-experts-inline--forget)
  (remove-hook 'post-command-hook #'lsp-experts-inline--after-command t))

(provide 'lsp-experts-inline)
;;; lsp-experts-inline.el ends here

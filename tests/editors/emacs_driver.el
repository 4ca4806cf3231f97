;;; emacs_driver.el --- An Emacs that does what a test writes to it  -*- lexical-binding: t; -*-

;;; Commentary:

;; Reads one form per line from standard input, evaluates it and writes the
;; value as a line of JSON.  Beside it: what several tests do to a buffer.

;;; Code:

(require 'json)
(require 'subr-x)

(define-derived-mode go-mode prog-mode "Go")
(add-to-list 'auto-mode-alist '("\\.go\\'" . go-mode))
(setq make-backup-files nil auto-save-default nil create-lockfiles nil
      inhibit-message t)

(defvar driver-deadline-s 60
  "How long a test waits for what must come.")

(defun driver-wait (condition)
  "Return the value of CONDITION once it is non-nil, nil if it never is."
  (let ((end (+ (float-time) driver-deadline-s)) value)
    (while (and (not (setq value (funcall condition)))
                (< (float-time) end))
      (accept-process-output nil 0.02))
    value))

(defun driver-open (file)
  "Open FILE in the selected window."
  (switch-to-buffer (find-file-noselect file)))

(defun driver-command (command)
  "Run COMMAND as a key would."
  (undo-boundary)
  (setq this-command command)
  (call-interactively command)
  (run-hooks 'post-command-hook))

(defun driver-type (text)
  "Type TEXT."
  (mapc (lambda (char)
          (setq last-command-event char)
          (driver-command #'self-insert-command))
        text))

(defun driver-place (marked)
  "Make MARKED the buffer's text and put point at its mark."
  (erase-buffer)
  (insert marked)
  (goto-char (point-min))
  (search-forward "‸")
  (delete-char -1))

(defun driver-screen ()
  "Return the buffer as it is seen: ghost text in brackets, a mark at point."
  (let* ((ghost lsp-experts-ghost--shown)
         (overlay (and ghost (lsp-experts-ghost-overlay ghost)))
         (display (and overlay (overlay-get overlay 'display)))
         (after (and overlay (overlay-get overlay 'after-string))))
    (concat (buffer-substring-no-properties (point-min) (point)) "‸"
            (and overlay
                 (format "[%s]" (substring-no-properties (or display after))))
            (buffer-substring-no-properties
             (if overlay (overlay-end overlay) (point)) (point-max)))))

(defun driver-ask ()
  "Ask by hand until there is ghost text; return the screen."
  (driver-wait (lambda ()
                 (lsp-experts-complete)
                 (driver-wait-briefly (lambda () lsp-experts-ghost--shown))))
  (driver-screen))

(defun driver-wait-briefly (condition)
  "Like `driver-wait' for CONDITION, for what may well not come."
  (let ((driver-deadline-s 0.5)) (driver-wait condition)))

(defun driver-loop ()
  "Evaluate the forms of standard input until it ends."
  (while t
    (let* ((form (car (read-from-string (read-string ""))))
           (answer (condition-case error
                       (list :value (eval form t))
                     (error (list :error (error-message-string error))))))
      (princ (concat "\n=> " (json-encode answer) "\n")))))

(provide 'emacs_driver)
;;; emacs_driver.el ends here

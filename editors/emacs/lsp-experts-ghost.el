;;; lsp-experts-ghost.el --- Text that is shown and not there yet  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; Text that is shown at point and not in the buffer yet.  It stays while the
;; user types what it says, and goes into the buffer whole or in pieces.
;; Nothing here knows of a server.

;;; Code:

(require 'cl-lib)

(defface lsp-experts-ghost '((t :inherit shadow))
  "Face of text that is suggested and not in the buffer."
  :group 'lsp-experts)

(cl-defstruct (lsp-experts-ghost (:constructor lsp-experts-ghost--make)
                                 (:copier nil))
  start    ; marker: where TEXT begins; the user may have typed some of it
  end      ; marker behind point: TEXT takes the place of what is before it
  text     ; string
  right    ; string: the line behind point when it was drawn
  place    ; cons of the buffer's tick and point when it was drawn
  overlay)

(defvar-local lsp-experts-ghost--shown nil
  "The `lsp-experts-ghost' in this buffer, or nil.")

(defun lsp-experts-ghost-show (start end text)
  "Show that TEXT would take the place of the buffer from START to END.
Return non-nil if there is something to show: what is before point must be
how TEXT begins."
  (lsp-experts-ghost-hide)
  (setq lsp-experts-ghost--shown
        (lsp-experts-ghost--make :start (copy-marker start)
                                 :end (copy-marker (max end (point)) t)
                                 :text text
                                 :overlay (make-overlay (point) (point))))
  (lsp-experts-ghost--draw))

(defun lsp-experts-ghost-hide ()
  "Show nothing."
  (when-let ((ghost lsp-experts-ghost--shown))
    (delete-overlay (lsp-experts-ghost-overlay ghost))
    (set-marker (lsp-experts-ghost-start ghost) nil)
    (set-marker (lsp-experts-ghost-end ghost) nil)
    (setq lsp-experts-ghost--shown nil)))

(defun lsp-experts-ghost-follow ()
  "After a command, go on showing what is left if the user typed along.
Otherwise hide.  Return non-nil if something is shown."
  (when-let ((ghost lsp-experts-ghost--shown))
    (pcase-let ((`(,tick . ,place) (lsp-experts-ghost-place ghost)))
      (cond ((and (= place (point)) (= tick (buffer-chars-modified-tick))))
            ((and (/= place (point))
                  (/= tick (buffer-chars-modified-tick))
                  (string-suffix-p (lsp-experts-ghost--line-behind)
                                   (lsp-experts-ghost-right ghost)))
             (lsp-experts-ghost--draw))
            (t (lsp-experts-ghost-hide))))))

(defun lsp-experts-ghost-insert (&optional regexp)
  "Put what is shown into the buffer: all of it, or what REGEXP matches.
Return how many characters of the text are in the buffer then, and whether
that is all, as a cons."
  (let* ((ghost lsp-experts-ghost--shown)
         (rest (lsp-experts-ghost--rest))
         (piece (if (and regexp (string-match regexp rest))
                    (match-string 0 rest)
                  rest))
         (left (substring rest (length piece)))
         (behind (lsp-experts-ghost--behind)))
    (when (equal left behind)           ; nothing of it would be seen
      (setq piece rest left ""))
    (unless (and (not (string-empty-p left)) (string-suffix-p behind left))
      (delete-region (point) (max (point) (lsp-experts-ghost-end ghost))))
    (insert piece)
    (let ((length (- (length (lsp-experts-ghost-text ghost)) (length left))))
      (if (string-empty-p left)
          (lsp-experts-ghost-hide)
        (lsp-experts-ghost--draw))
      (cons length (string-empty-p left)))))

(defun lsp-experts-ghost--rest ()
  "Return what of the text is not typed yet, nil if something else is."
  (let* ((ghost lsp-experts-ghost--shown)
         (start (marker-position (lsp-experts-ghost-start ghost)))
         (text (lsp-experts-ghost-text ghost)))
    (when (<= start (point))
      (let ((typed (buffer-substring-no-properties start (point))))
        (when (string-prefix-p typed text)
          (substring text (length typed)))))))

(defun lsp-experts-ghost--behind ()
  "Return what is behind point and would be replaced."
  (let ((end (lsp-experts-ghost-end lsp-experts-ghost--shown)))
    (buffer-substring-no-properties (point) (max (point) end))))

(defun lsp-experts-ghost--line-behind ()
  "Return the rest of the line."
  (buffer-substring-no-properties (point) (line-end-position)))

(defun lsp-experts-ghost--draw ()
  "Draw what is not typed yet, at point.
Return non-nil if there is something to see; otherwise hide."
  (let* ((ghost lsp-experts-ghost--shown)
         (overlay (lsp-experts-ghost-overlay ghost))
         (rest (or (lsp-experts-ghost--rest) ""))
         (behind (lsp-experts-ghost--behind))
         (kept (string-suffix-p behind rest)) ; closers stay where they are
         (seen (if kept (string-remove-suffix behind rest) rest)))
    (if (or (string-empty-p seen) (equal rest behind))
        (lsp-experts-ghost-hide)
      (setf (lsp-experts-ghost-right ghost) (lsp-experts-ghost--line-behind)
            (lsp-experts-ghost-place ghost)
            (cons (buffer-chars-modified-tick) (point)))
      (setq seen (propertize seen 'face 'lsp-experts-ghost))
      (put-text-property 0 1 'cursor t seen) ; else it stands behind the string
      (move-overlay overlay (point) (+ (point) (if kept 0 (length behind))))
      (overlay-put overlay 'window (selected-window))
      (overlay-put overlay 'after-string (and kept seen))
      (overlay-put overlay 'display (and (not kept) seen))
      t)))

(provide 'lsp-experts-ghost)
;;; lsp-experts-ghost.el ends here

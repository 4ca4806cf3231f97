// Command notes serves a small list of notes over HTTP.
package main

import (
	"encoding/json"
	"errors"
	"log"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

var errNotFound = errors.New("note not found")

// Note is one entry of the list.
type Note struct {
	ID      int       `json:"id"`
	Title   string    `json:"title"`
	Body    string    `json:"body"`
	Created time.Time `json:"created"`
}

// Store keeps notes in memory.
type Store struct {
	mu    sync.Mutex
	next  int
	notes map[int]Note
}

// NewStore returns an empty store.
func NewStore() *Store {
	return &Store{next: 1, notes: make(map[int]Note)}
}

// Add saves a note and returns it with its id.
func (s *Store) Add(title, body string) Note {
	s.mu.Lock()
	defer s.mu.Unlock()
	note := Note{ID: s.next, Title: title, Body: body, Created: time.Now()}
	s.notes[note.ID] = note
	s.next++
	return note
}

// Get returns the note with the given id.
func (s *Store) Get(id int) (Note, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	note, ok := s.notes[id]
	if !ok {
		return Note{}, errNotFound
	}
	return note, nil
}

// Delete removes the note with the given id.
func (s *Store) Delete(id int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.notes[id]; !ok {
		return errNotFound
	}
	delete(s.notes, id)
	return nil
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(value); err != nil {
		log.Printf("encode: %v", err)
	}
}

func (s *Store) handleNote(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/notes/"))
	if err != nil {
		http.Error(w, "bad id", http.StatusBadRequest)
		return
	}
	note, err := s.Get(id)
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	writeJSON(w, http.StatusOK, note)
}

func main() {
	store := NewStore()
	http.HandleFunc("/notes/", store.handleNote)
	log.Fatal(http.ListenAndServe(":8080", nil))
}

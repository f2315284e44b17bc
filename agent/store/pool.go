package store

import (
	"calendarbot/agent/config"
	"calendarbot/agent/conn"
)

// Configure changes how many connections there are at rest.
func (s *Store) Configure(c config.DB) {
	s.files.RLock()
	defer s.files.RUnlock()
	s.readers.Store(int64(c.Readers))
	if s.db != nil {
		s.db.Configure(c)
	}
}

// SetMaximum bounds the connections that read by n, at least 1, whatever configuration and load say; 0 takes the bound back.
func (s *Store) SetMaximum(n int) {
	s.files.RLock()
	defer s.files.RUnlock()
	s.most.Store(int64(n))
	if s.db != nil {
		s.db.SetMaximum(n)
	}
}

// Connections returns how the pool of the database stands, and what it has counted since the start, in all files.
func (s *Store) Connections() conn.Stats {
	s.files.RLock()
	defer s.files.RUnlock()
	if s.db == nil {
		return conn.Stats{Name: "database", Why: "there is no database"}.Plus(s.past)
	}
	return s.db.Stats().Plus(s.past)
}

// Tend looks after the pool of the database: see conn.Tender.
func (s *Store) Tend() ([]conn.Leak, error) {
	s.files.RLock()
	defer s.files.RUnlock()
	if s.db == nil {
		return nil, nil
	}
	return s.db.Tend()
}

// retire closes the database and keeps what it has counted. s.files is held.
func (s *Store) retire() error {
	if s.db == nil {
		return nil
	}
	err := s.db.Close()
	s.past = s.db.Stats().Plus(s.past)
	s.db = nil
	return err
}

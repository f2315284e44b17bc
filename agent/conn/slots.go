package conn

import "slices"

// slots are the places of a pool: so many may be taken at once, the others wait in line, the first come first.
// Whoever uses them holds the pool's lock.
type slots struct {
	size  int
	taken int
	line  []*ticket
}

// ticket is a place in the line.
type ticket struct{ called chan struct{} } // closed when a slot has been taken for it

// take takes a slot if one is free: while somebody waits, call has left none.
func (s *slots) take() bool {
	if s.taken >= s.size {
		return false
	}
	s.taken++
	return true
}

// wait joins the line at its end.
func (s *slots) wait() *ticket {
	t := &ticket{called: make(chan struct{})}
	s.line = append(s.line, t)
	return t
}

// leave takes a ticket out of the line; false when it was called meanwhile, so that a slot is taken for it.
func (s *slots) leave(t *ticket) bool {
	i := slices.Index(s.line, t)
	if i < 0 {
		return false
	}
	s.line = slices.Delete(s.line, i, i+1)
	return true
}

// give gives a slot back.
func (s *slots) give() {
	s.taken--
	s.call()
}

// resize changes how many there are. Those that are taken beyond it stay taken until they are given back.
func (s *slots) resize(size int) {
	s.size = size
	s.call()
}

// call lets those in who are first in the line.
func (s *slots) call() {
	for len(s.line) > 0 && s.taken < s.size {
		s.taken++
		close(s.line[0].called)
		s.line = slices.Delete(s.line, 0, 1)
	}
}

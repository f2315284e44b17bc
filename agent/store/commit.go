package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"calendarbot/agent/ics"
)

const (
	// rowsPerInsert and rowsPerDelete are how many rows go into one statement.
	rowsPerInsert = 16
	rowsPerDelete = 100

	insertComponent = `INSERT INTO component (source, series, first, last, hash, ordinal, text) VALUES `
	insertRow       = `(?, ?, ?, ?, ?, ?, ?)`
	insertColumns   = 7
	joinSeries      = `UPDATE component SET series = ? WHERE id = ?`
	deleteComponent = `DELETE FROM component WHERE id IN `
)

// Commit makes the draft the events of the source in one transaction and records the success. When nothing
// changed, changed is false, and only the status is written, as seldom as by Unchanged. ErrSuperseded and
// ErrUnknown say that the draft came too late; after any error the last good events stand.
func (d *Draft) Commit(ctx context.Context, r ics.Report, v Validators, next time.Time) (changed bool, err error) {
	s := d.store
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.picture.Load().clone()
	src, err := p.edit(d.id)
	if err != nil {
		return false, err
	}
	if src.num != d.source.num || src.revision != d.source.revision || src.fingerprint != d.source.fingerprint {
		return false, ErrSuperseded
	}
	gone := d.gone()
	for _, problem := range d.over {
		r.Problems = append(r.Problems[:len(r.Problems):len(r.Problems)], *problem)
		r.Skipped++
	}
	preamble := sha256.Sum256(r.Preamble)
	changed = src.revision == 0 || d.fresh+len(gone) > 0 || src.preamble != [hashSize]byte(preamble[:hashSize])
	told := src.feedName != r.Name || src.skipped != r.Skipped || src.more != r.More || !slices.Equal(src.problems, r.Problems)

	news := src.succeed(s.o.Now(), next)
	src.validators = v
	if !changed && !told {
		if err := s.well(ctx, p, src, news); broken(err) {
			return false, err
		}
		return false, nil // what could not be saved is known, and saved when the disk can be written again
	}
	src.revision++
	src.events, src.skipped, src.feedName = d.kept, r.Skipped, r.Name
	src.problems, src.more = r.Problems, r.More
	copy(src.preamble[:], preamble[:])
	err = s.change(ctx, "save the events of "+d.id, p, func(tx *sql.Tx) error {
		if err := deleteComponents(ctx, tx, gone); err != nil {
			return err
		}
		if err := d.insert(ctx, tx, src.num); err != nil {
			return err
		}
		for _, l := range d.join {
			if _, err := tx.ExecContext(ctx, joinSeries, int64(l.series), l.row); err != nil {
				return err
			}
		}
		return src.writeFeed(ctx, tx, r.Preamble)
	})
	if err != nil {
		return false, err
	}
	return changed, d.texts.close()
}

// gone returns the rows of the components that are stored, but not in the draft.
func (d *Draft) gone() []int64 {
	var rows []int64
	for _, row := range d.known {
		if row > 0 {
			rows = append(rows, row)
		}
	}
	slices.Sort(rows)
	return rows
}

func deleteComponents(ctx context.Context, tx *sql.Tx, rows []int64) error {
	for chunk := range slices.Chunk(rows, rowsPerDelete) {
		args := make([]any, len(chunk))
		for i, row := range chunk {
			args[i] = row
		}
		if _, err := tx.ExecContext(ctx, deleteComponent+"(?"+strings.Repeat(", ?", len(chunk)-1)+")", args...); err != nil {
			return err
		}
	}
	return nil
}

// insert writes the new components.
func (d *Draft) insert(ctx context.Context, tx *sql.Tx, source int64) error {
	// The driver starts a goroutine for every statement that can be cancelled; once for each block is enough.
	whole := context.WithoutCancel(ctx)
	full := insertComponent + insertRow + strings.Repeat(", "+insertRow, rowsPerInsert-1)
	args := make([]any, 0, rowsPerInsert*insertColumns)
	return d.texts.blocks(func(block []fresh) error {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		// Neighbours in the index one after the other is half the work.
		slices.SortFunc(block, func(a, b fresh) int {
			return cmp.Or(cmp.Compare(a.last, b.last), cmp.Compare(a.first, b.first))
		})
		for rows := range slices.Chunk(block, rowsPerInsert) {
			args = args[:0]
			for i := range rows {
				c := &rows[i]
				var series any
				if d.series[c.series].n > 1 {
					series = int64(c.series)
				}
				args = append(args, source, series, int64(c.first), int64(c.last), c.hash[:], c.ordinal, c.text)
			}
			statement := full
			if len(rows) < rowsPerInsert {
				statement = insertComponent + insertRow + strings.Repeat(", "+insertRow, len(rows)-1)
			}
			if _, err := tx.ExecContext(whole, statement, args...); err != nil {
				return err
			}
		}
		return nil
	})
}

// writeFeed saves what the fetch said about the feed as a whole.
func (s *source) writeFeed(ctx context.Context, tx *sql.Tx, preamble []byte) error {
	problems, err := json.Marshal(s.problems)
	if err != nil {
		return err
	}
	if preamble == nil {
		preamble = []byte{}
	}
	_, err = tx.ExecContext(ctx, `INSERT OR REPLACE INTO feed (source, revision, name, hash, preamble, problems, more)
		VALUES (?, ?, ?, ?, ?, ?, ?)`, s.num, s.revision, s.feedName, s.preamble[:], preamble, string(problems), s.more)
	return err
}

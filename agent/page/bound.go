package page

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"
)

// Bound draws with at most places others at the same time, and gives up after wait, its turn included. A drawing that is given
// up keeps its place until it ends, so that a disk that hangs holds a bounded number of them. A panic is an error.
func Bound(draw Draw, places int, wait time.Duration) Draw {
	turns := make(chan struct{}, max(1, places))
	return func(ctx context.Context, q Query, at time.Time) (Page, error) {
		ctx, cancel := context.WithTimeout(ctx, wait)
		select {
		case turns <- struct{}{}:
		case <-ctx.Done():
			cancel()
			return Page{}, fmt.Errorf("wait for a turn to draw: %w", ctx.Err())
		}
		var (
			p    Page
			err  error
			done = make(chan struct{})
		)
		go func() {
			defer cancel()
			p, err = calmly(ctx, q, func(ctx context.Context, q Query) (Page, error) { return draw(ctx, q, at) })
			<-turns
			close(done)
		}()
		select {
		case <-done:
			return p, err
		case <-ctx.Done():
		}
		select { // it may have ended at the same time, which ends ctx too
		case <-done:
			return p, err
		default:
			return Page{}, fmt.Errorf("wait for a drawing: %w", ctx.Err())
		}
	}
}

// panicked is the error that a panic counts as.
type panicked struct {
	cause any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v", p.cause) }

// calmly asks f; a panic is an error.
func calmly(ctx context.Context, q Query, f Func) (p Page, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			p, err = Page{}, &panicked{cause, debug.Stack()}
		}
	}()
	return f(ctx, q)
}

package lab

import (
	"context"
	"errors"
	"runtime"
	"sync"
)

// each does something for every home, some at a time, and returns all errors. The first one cancels the others, whose errors
// of that are left out.
func each(ctx context.Context, names []string, do func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	room := make(chan struct{}, max(4, 2*runtime.GOMAXPROCS(0)))
	found := make([]error, len(names))
	var all sync.WaitGroup
	for i := range names {
		all.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			if err := ctx.Err(); err != nil {
				found[i] = err
				return
			}
			if found[i] = do(ctx, i); found[i] != nil {
				cancel(found[i])
			}
		})
	}
	all.Wait()
	return firstErrors(ctx, found)
}

// firstErrors joins errors, without those that only say that another one came first.
func firstErrors(ctx context.Context, found []error) error {
	var real []error
	for _, err := range found {
		if err != nil && !errors.Is(err, context.Canceled) {
			real = append(real, err)
		}
	}
	if len(real) > 0 {
		return errors.Join(real...)
	}
	return errors.Join(found...)
}

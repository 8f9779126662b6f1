package disk

import "sync"

// syncsAtOnce is how many files or folders are synced at once: a disk makes durable what it is told together in little more
// time than one of it takes.
const syncsAtOnce = 8

// together does something with each of some things, several at once, and returns the errors in order.
func together[T any](things []T, do func(T) error) []error {
	errs := make([]error, len(things))
	var all sync.WaitGroup
	room := make(chan struct{}, syncsAtOnce)
	for i, thing := range things {
		if len(things) == 1 {
			errs[i] = do(thing)
			break
		}
		room <- struct{}{}
		all.Go(func() {
			errs[i] = do(thing)
			<-room
		})
	}
	all.Wait()
	return errs
}

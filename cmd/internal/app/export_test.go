package app

// Meanings returns the errors that mean something to clients.
func Meanings() (all []error) {
	for _, m := range meanings {
		all = append(all, m.err)
	}
	return all
}

// ScrubStore is what the daemon does with its shares once in a month.
var ScrubStore = scrubStore

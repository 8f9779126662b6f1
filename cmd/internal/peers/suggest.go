package peers

import (
	"context"

	"radswarm/radicle"
)

// nobody is the Social of who knows no one.
type nobody struct{}

func (nobody) Follows(context.Context) (map[radicle.DID]string, error) { return nil, nil }
func (nobody) Delegates(context.Context) (map[radicle.DID]int, error)  { return nil, nil }

package node

import (
	"context"
	"errors"
	"io"
	"iter"
)

// A Subscription is a stream of events. The node remembers none: subscribe first, then act. It drops a subscriber that lets 8192
// events pile up.
type Subscription struct{ lines *lineReader }

// Subscribe opens a stream of events. The node does not say when it has begun to listen: an event in the first moments may be
// missed.
func (c *Client) Subscribe(ctx context.Context) (*Subscription, error) {
	lines, err := c.send(ctx, request{"command": "subscribe"})
	if err != nil {
		return nil, err
	}
	return &Subscription{lines: lines}, nil
}

// Close ends the subscription.
func (s *Subscription) Close() error { return s.lines.Close() }

// Next waits for the next event. When ctx ends first it returns the context's error and loses nothing: a later call goes on. When
// the node ends, the error is [ErrNotRunning]; what the node refuses is a [*CommandError]. Every event arrives, see [OtherEvent].
func (s *Subscription) Next(ctx context.Context) (Event, error) {
	line, err := s.lines.next(ctx)
	if errors.Is(err, io.EOF) {
		return nil, ErrNotRunning
	}
	if err != nil {
		return nil, err
	}
	if text, ok := errorText(line); ok {
		return nil, &CommandError{Command: "subscribe", Text: text}
	}
	return parseEvent(line), nil
}

// All ranges over the events until ctx ends or there is another error, which comes last, with a nil event.
func (s *Subscription) All(ctx context.Context) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for {
			e, err := s.Next(ctx)
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

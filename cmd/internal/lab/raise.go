package lab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"radswarm/cmd/internal/control"
	"radswarm/radicle"
)

// onlineTime is how long Up waits for the friends of you to be connected. Who was missed is dialled again after some seconds.
const onlineTime = time.Minute

// raise makes, starts and befriends all homes that are listed, many at once.
func (l *Lab) raise(ctx context.Context, m *marker, o Options) error {
	var telling sync.Mutex
	tell := func(home, what string) {
		telling.Lock()
		defer telling.Unlock()
		o.Tell(Step{Home: home, What: what})
	}
	err := each(ctx, m.names(), func(ctx context.Context, i int) error {
		return l.rise(ctx, m, m.Homes[i].Name, tell)
	})
	if err != nil {
		return err
	}
	return l.befriend(ctx, m.friends(), o.Give, tell)
}

// rise makes and starts one home.
func (l *Lab) rise(ctx context.Context, m *marker, name string, tell func(home, what string)) error {
	made, err := l.make(ctx, name, m.port(name))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if made {
		tell(name, "made")
	}
	started, err := l.launch(ctx, m, name)
	if started {
		tell(name, "started")
	}
	return err
}

// befriend makes friends of you and each of the others, as people would: one invites, the other accepts.
func (l *Lab) befriend(ctx context.Context, friends []string, give int64, tell func(home, what string)) error {
	you, _, err := l.connect(ctx, You)
	if err != nil {
		return fmt.Errorf("%s: %w", You, err)
	}
	defer you.Close()
	var before control.Friends
	if err := you.Call(ctx, http.MethodGet, "/v1/friends", nil, &before); err != nil {
		return fmt.Errorf("%s: %w", You, err)
	}
	known := map[radicle.DID]bool{}
	for _, f := range before.Friends {
		known[f.DID] = true
	}
	return each(ctx, friends, func(ctx context.Context, i int) error {
		did, err := l.did(friends[i])
		if err != nil || known[did] {
			return err
		}
		if err := l.invite(ctx, you, friends[i], give, before.Invitations); err != nil {
			return fmt.Errorf("%s: %w", friends[i], err)
		}
		tell(friends[i], "befriended")
		return nil
	})
}

// invite has you invite one home, which accepts. Invitations that an earlier call has left open are taken back.
func (l *Lab) invite(ctx context.Context, you *control.Client, name string, give int64, open []control.Invitation) error {
	for _, old := range open {
		if old.Name != name || old.UsedBy != nil {
			continue
		}
		if err := you.Call(ctx, http.MethodDelete, "/v1/invitations/"+url.PathEscape(old.ID), nil, nil); err != nil {
			return err
		}
	}
	var made control.Invitation
	if err := you.Call(ctx, http.MethodPost, "/v1/invitations", control.Invite{Give: give, Name: name}, &made); err != nil {
		return err
	}
	friend, _, err := l.connect(ctx, name)
	if err != nil {
		return err
	}
	defer friend.Close()
	in := control.Accept{Line: made.Line, Give: give, Name: You}
	return friend.Watch(ctx, http.MethodPost, "/v1/accept", in, nil, func(control.Line) error { return nil })
}

var errNotOnline = errors.New("not all friends are online yet")

// awaitOnline waits until you is connected with all friends, and says with how many it is in the end.
func (l *Lab) awaitOnline(ctx context.Context, m *marker) (int, error) {
	you, _, err := l.connect(ctx, You)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", You, err)
	}
	defer you.Close()
	var s control.Status
	err = await(ctx, onlineTime, errNotOnline, func(ctx context.Context) bool {
		return you.Call(ctx, http.MethodGet, "/v1/status", nil, &s) != nil || s.Friends.Online >= len(m.friends())
	})
	if err != nil && !errors.Is(err, errNotOnline) {
		return 0, err
	}
	return s.Friends.Online, nil
}

package command

import (
	"strings"
	"testing"
	"time"

	"radswarm/blobstore"
	"radswarm/cmd/internal/control"
)

// Each holder has to have shown every byte; who is lost is neither waited for nor counted.
func TestProven(t *testing.T) {
	now := time.Now()
	seen := func(ago time.Duration) *time.Time { at := now.Add(-ago); return &at }
	safety := func(people, spare int, safe bool) control.Safety {
		return control.Safety{Stored: true, People: people, Spare: spare, Safe: safe}
	}
	ana, bo := did(t, 1), did(t, 2)
	held := control.Share{DID: &ana, Name: "ana", State: "held", Seen: seen(0)}
	other := func(state string, ago time.Duration) control.Share {
		return control.Share{Index: 1, DID: &bo, Name: "bo", State: state, Seen: seen(ago)}
	}
	for name, tt := range map[string]struct {
		safety control.Safety
		part   bool // not every byte was compared
		shares []control.Share
		says   string // why it stays
	}{
		"all have":          {safety(3, 1, true), false, []control.Share{held, other("held", 0), {Index: 2}}, ""},
		"one sleeps":        {safety(3, 1, true), false, []control.Share{held, other("unreachable", lostAfter)}, "bo (unreachable)"},
		"one is lost":       {safety(3, 1, true), false, []control.Share{held, other("unreachable", lostAfter+time.Hour)}, ""},
		"one has damage":    {safety(3, 1, true), false, []control.Share{held, other("damaged", 100*lostAfter)}, "bo (damaged)"},
		"one was not asked": {safety(3, 1, true), false, []control.Share{held, other("", 0)}, "bo (not asked)"},
		"never seen":        {safety(3, 1, true), false, []control.Share{held, {DID: &bo, State: "unreachable"}}, "(unreachable)"},
		"a sample":          {safety(3, 1, true), true, []control.Share{held}, "only 3 friends have"},
		"not safe":          {safety(3, 1, false), false, []control.Share{held}, "only 3 friends have"},
		"none to spare":     {safety(3, 0, true), false, []control.Share{held}, "only 3 friends have"},
		"one alone":         {safety(1, 1, true), false, []control.Share{held}, "only 1 friend has"},
	} {
		err := proven(&control.VerifiedObject{
			Object: control.Pointer(blobstore.Pointer{}), Safety: tt.safety, Whole: !tt.part, Shares: tt.shares,
		}, now)
		if (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

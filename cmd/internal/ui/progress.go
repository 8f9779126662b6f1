package ui

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"radswarm/cmd/internal/control"
)

// lineEvery is how often progress is told where it cannot be drawn.
const lineEvery = time.Second

// Watcher shows how far something is: a bar with speed and time left on a terminal, a line a second elsewhere, nothing where
// the command is to be quiet. Its methods are for one goroutine.
type Watcher struct {
	ui    *UI
	what  string
	start time.Time
	from  int64 // bytes at the start of this what
	last  time.Time
	now   func() time.Time
}

// Watch starts to show progress. Done ends it.
func (u *UI) Watch() *Watcher { return &Watcher{ui: u, now: time.Now} }

// Line shows a line of an answer that takes long.
func (w *Watcher) Line(l control.Line) error {
	switch {
	case l.Note != "":
		w.ui.Note("%s", l.Note)
	case l.Progress != nil && !w.ui.Quiet:
		w.progress(*l.Progress)
	}
	return nil
}

func (w *Watcher) progress(p control.Progress) {
	now := w.now()
	if p.What != w.what || w.start.IsZero() {
		w.what, w.start, w.from, w.last = p.What, now, p.Bytes, now // what takes less than a second is no news
		w.ui.replaceBar(nil)
	}
	if w.ui.o.Terminal {
		w.ui.draw(p)
		return
	}
	if now.Sub(w.last) >= lineEvery {
		w.last = now
		w.ui.line(describe(p, p.Bytes-w.from, now.Sub(w.start)))
	}
}

// Done takes the bar away.
func (w *Watcher) Done() { w.ui.replaceBar(nil) }

// describe says in a line how far it is, after so many bytes in so much time.
func describe(p control.Progress, moved int64, in time.Duration) string {
	if p.Unit != "" {
		return fmt.Sprintf("%s: %d of %d %s", p.What, p.Bytes, p.Total, p.Unit)
	}
	text := p.What + ": " + Size(p.Bytes)
	if p.Total > 0 {
		text += fmt.Sprintf(" of %s (%d %%)", Size(p.Total), percentOf(p.Bytes, p.Total))
	}
	rate := float64(moved) / max(in.Seconds(), 0.001)
	if moved <= 0 || in < lineEvery/2 {
		return text
	}
	text += ", " + Size(int64(rate)) + "/s"
	if left := p.Total - p.Bytes; left > 0 {
		text += ", " + Span(time.Duration(float64(left)/rate*float64(time.Second))) + " left"
	}
	return text
}

func percentOf(part, whole int64) int { return int(100 * float64(part) / float64(whole)) }

// bar is a drawn progress bar.
type bar struct {
	drawn *progressbar.ProgressBar
	total int64
}

func newBar(w io.Writer, width int, p control.Progress) *bar {
	total := p.Total
	if total == 0 {
		total = -1
	}
	return &bar{total: p.Total, drawn: progressbar.NewOptions64(
		total,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription(Clean(p.What)),
		progressbar.OptionShowBytes(p.Unit == ""),
		progressbar.OptionSetSpinnerChangeInterval(0), // else a goroutine of its own draws
		progressbar.OptionShowCount(),
		progressbar.OptionShowTotalBytes(true),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetWidth(max(10, min(40, width-60))),
		progressbar.OptionClearOnFinish(),
	)}
}

// clear takes the bar from its line so that something else can stand there; the next progress draws it again.
func (b *bar) clear() {
	if b != nil {
		_ = b.drawn.Clear()
	}
}

func (u *UI) draw(p control.Progress) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.bar == nil || u.bar.total != p.Total {
		u.bar.clear()
		u.bar = newBar(u.o.Err, u.o.Width, p)
	}
	done := p.Bytes
	if p.Total > 0 {
		done = min(done, p.Total)
	}
	_ = u.bar.drawn.Set64(done)
}

func (u *UI) replaceBar(b *bar) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.bar.clear()
	u.bar = b
}

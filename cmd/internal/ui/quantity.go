package ui

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// errQuantity is a text that is no size, rate or time.
var errQuantity = errors.New("not understood")

// ParseSize reads a number of bytes as people write it: 50GB, 1.5 TiB, 4096. It is not negative.
func ParseSize(text string) (int64, error) {
	n, err := humanize.ParseBytes(strings.TrimSpace(text))
	switch {
	case err != nil || strings.ContainsAny(text, ",eE-+"):
		return 0, fmt.Errorf("size %q is %w", Clean(text), errQuantity)
	case n > math.MaxInt64:
		return 0, fmt.Errorf("size %q is more than %s", Clean(text), Size(math.MaxInt64))
	}
	return int64(n), nil
}

// ParseRate reads bytes a second, as 2MB/s or 2MB. 0 and "none" are no bound.
func ParseRate(text string) (int64, error) {
	if text == "none" {
		return 0, nil
	}
	n, err := ParseSize(strings.TrimSuffix(strings.TrimSpace(text), "/s"))
	if err != nil {
		return 0, fmt.Errorf("rate %q is %w", Clean(text), errQuantity)
	}
	return n, nil
}

// ParseSpan reads a length of time: 7d, 2w, 90m, 1h30m. It is more than nothing.
func ParseSpan(text string) (time.Duration, error) {
	d, err := parseSpan(strings.TrimSpace(text))
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("time %q is %w", Clean(text), errQuantity)
	}
	return d, nil
}

func parseSpan(text string) (time.Duration, error) {
	day := 24 * time.Hour
	for unit, length := range map[string]time.Duration{"d": day, "w": 7 * day} {
		number, ok := strings.CutSuffix(text, unit)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(number, 10, 16)
		if err != nil {
			return 0, err
		}
		return time.Duration(n) * length, nil
	}
	return time.ParseDuration(text)
}

// Size writes a number of bytes for people.
func Size(n int64) string {
	if n < 0 {
		return "-" + humanize.Bytes(uint64(-n))
	}
	return humanize.Bytes(uint64(n))
}

// Rate writes bytes a second for people; 0 is no bound.
func Rate(n int64) string {
	if n == 0 {
		return "no bound"
	}
	return Size(n) + "/s"
}

// Percent writes a part of one for people.
func Percent(part float64) string {
	switch {
	case part < 0:
		return "?"
	case part > 0 && part < 0.001:
		return "< 0.1 %"
	case part >= 0.9995 && part < 1:
		return "> 99.9 %"
	}
	return strings.TrimSuffix(strconv.FormatFloat(100*part, 'f', 1, 64), ".0") + " %"
}

// Ago writes how long ago something was, or how soon it will be.
func Ago(now, then time.Time) string {
	d := now.Sub(then)
	switch {
	case d < 0 && d > -time.Second, d >= 0 && d < time.Second:
		return "now"
	case d < 0:
		return "in " + Span(-d)
	}
	return Span(d) + " ago"
}

// Span writes a length of time for people, in its largest unit.
func Span(d time.Duration) string {
	units := []struct {
		name   string
		length time.Duration
		below  time.Duration
	}{
		{"s", time.Second, 2 * time.Minute},
		{"min", time.Minute, 2 * time.Hour},
		{"h", time.Hour, 48 * time.Hour},
		{"days", 24 * time.Hour, 90 * 24 * time.Hour},
		{"weeks", 7 * 24 * time.Hour, 2 * 365 * 24 * time.Hour},
		{"years", 365 * 24 * time.Hour, math.MaxInt64},
	}
	for _, u := range units {
		if d < u.below {
			return fmt.Sprintf("%d %s", (d+u.length/2)/u.length, u.name)
		}
	}
	return "for ever"
}

// Count writes a number with its noun.
func Count(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return humanize.Comma(int64(n)) + " " + more
}

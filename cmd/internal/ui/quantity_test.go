package ui

import (
	"math"
	"testing"
	"time"
)

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "4096": 4096, "50GB": 50e9, "50 gb": 50e9, "1.5TiB": 3 << 39, "2k": 2000, "1kib": 1024, " 7MB ": 7e6,
	} {
		if got, err := ParseSize(text); got != want || err != nil {
			t.Errorf("%q: %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", " ", "GB", "-1", "-1GB", "+5", "5XB", "1e9", "1,000", "5GB/s", "12EB", "99999999999999999999", "0x10", "50GB\x1b[31m", ".", "NaN", "Inf",
	} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("%q is %d", text, got)
		}
	}
}

func TestParseRate(t *testing.T) {
	for text, want := range map[string]int64{"2MB/s": 2e6, "2MB": 2e6, "none": 0, "0": 0, "512 KiB/s": 512 << 10} {
		if got, err := ParseRate(text); got != want || err != nil {
			t.Errorf("%q: %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "/s", "2MB/h", "fast", "-2MB/s"} {
		if got, err := ParseRate(text); err == nil {
			t.Errorf("%q is %d", text, got)
		}
	}
}

func TestParseSpan(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"7d": 7 * 24 * time.Hour, "2w": 14 * 24 * time.Hour, "90m": 90 * time.Minute, "1h30m": 90 * time.Minute, " 1s ": time.Second,
	} {
		if got, err := ParseSpan(text); got != want || err != nil {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "7", "d", "-7d", "0d", "0s", "-1h", "99999d", "1.5d", "7 d"} {
		if got, err := ParseSpan(text); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}

func TestWords(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct{ got, want string }{
		{Ago(now, now), "now"},
		{Ago(now, now.Add(-2*time.Hour)), "2 h ago"},
		{Ago(now, now.Add(-119*time.Second)), "119 s ago"},
		{Ago(now, now.Add(72*time.Hour)), "in 3 days"},
		{Ago(now, now.Add(-400*24*time.Hour)), "57 weeks ago"},
		{Ago(now, time.Unix(0, 0)), "57 years ago"},
		{Size(0), "0 B"},
		{Size(50e9), "50 GB"},
		{Size(-1), "-1 B"},
		{Size(math.MaxInt64), "9.2 EB"},
		{Size(math.MinInt64), "-9.2 EB"},
		{Rate(0), "no bound"},
		{Rate(2e6), "2.0 MB/s"},
		{Percent(-1), "?"},
		{Percent(0), "0 %"},
		{Percent(0.617), "61.7 %"},
		{Percent(0.9999), "> 99.9 %"},
		{Percent(0.0001), "< 0.1 %"},
		{Percent(1), "100 %"},
		{Count(1, "share", "shares"), "1 share"},
		{Count(10_000, "share", "shares"), "10,000 shares"},
	} {
		if test.got != test.want {
			t.Errorf("%q, want %q", test.got, test.want)
		}
	}
}

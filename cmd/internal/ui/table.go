package ui

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"unicode/utf8"
)

// Table prints rows under a header, in columns. Cells are cleaned; an empty one is a dash.
func (u *UI) Table(header []string, rows [][]string) error {
	if len(rows) == 0 {
		return nil
	}
	return u.columns(append([][]string{header}, rows...), "-")
}

// Columns prints rows without a header.
func (u *UI) Columns(rows [][]string) error { return u.columns(rows, "") }

func (u *UI) columns(rows [][]string, empty string) error {
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			if cells[i] = Clean(cell); cell == "" {
				cells[i] = empty
			}
		}
		if _, err := fmt.Fprintln(w, strings.Join(cells, "\t")); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(b.String()) {
		if _, err := fmt.Fprintln(u.o.Out, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}

// Result prints an answer: as JSON where that is asked for, else as text does.
func (u *UI) Result(answer any, text func() error) error {
	if !u.JSON {
		return text()
	}
	return u.WriteJSON(answer)
}

// WriteJSON prints a value as JSON. What would be hostile to a terminal stands there as \u.... too.
func (u *UI) WriteJSON(v any) error {
	var plain bytes.Buffer
	e := json.NewEncoder(&plain)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := u.o.Out.Write(escape(plain.Bytes()))
	return err
}

// escape writes what [hostile] finds as JSON escapes. In JSON that was encoded such a character stands in strings only,
// but for line breaks.
func escape(text []byte) []byte {
	if bytes.IndexFunc(text, func(r rune) bool { return r != '\n' && hostile(r) }) < 0 {
		return text
	}
	var b []byte
	for _, r := range string(text) {
		switch {
		case r == '\n' || !hostile(r):
			b = utf8.AppendRune(b, r)
		case r > 0xFFFF:
			r -= 0x10000
			b = fmt.Appendf(b, `\u%04x\u%04x`, 0xD800+r>>10, 0xDC00+r&0x3FF)
		default:
			b = fmt.Appendf(b, `\u%04x`, r)
		}
	}
	return b
}

package app

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Whatever the contract lists, the daemon answers.
func TestEveryRequestIsAnswered(t *testing.T) {
	routes := new(App).answers()
	files, err := filepath.Glob(filepath.Join("..", "control", "api_*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	listed := regexp.MustCompile(`(?m)^//\s+(GET|POST|PATCH|PUT|DELETE)\s+(/v1/\S+)`)
	n := 0
	for _, path := range files {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range listed.FindAllStringSubmatch(string(b), -1) {
			n++
			to := strings.NewReplacer("{", "", "}", "").Replace(m[2])
			req, err := http.NewRequestWithContext(t.Context(), m[1], "http://radswarm"+to, nil)
			if err != nil {
				t.Fatal(err)
			}
			if !routes.Knows(req) {
				t.Errorf("%s %s is not answered", m[1], m[2])
			}
		}
	}
	if n < 30 {
		t.Errorf("only %d requests are listed", n)
	}
}

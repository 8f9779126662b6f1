package nettest

import "testing"

func TestBackends(t *testing.T) { Each(t, TestNetwork) }

//go:build race

package friend_test

const race = true

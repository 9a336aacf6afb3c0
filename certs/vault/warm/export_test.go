package warm

import (
	"context"
	"log/slog"
)

// Cycles returns what runs one cycle of Refresh after another.
func Cycles(m *Memory, o RefreshOptions) func(context.Context) {
	o.Log = slog.New(slog.DiscardHandler)
	r := &refresher{RefreshOptions: o, m: m, vaults: map[string]*listed{}}
	return r.cycle
}

package warm

import (
	"context"
	"github.com/storewarden/storewarden/certs/vault"
	"log/slog"
)

// Cycles returns what runs one cycle of Refresh after another.
func Cycles(m *Memory, o RefreshOptions) func(context.Context) {
	o.Log = slog.New(slog.DiscardHandler)
	r := &refresher{RefreshOptions: o, m: m, vaults: map[vault.Ref]*listed{}}
	return r.cycle
}

package dir_test

import (
	"testing"
	"time"

	"github.com/storewarden/storewarden/certs/vault/dir"
	"github.com/storewarden/storewarden/certs/vault/vaulttest"
)

func TestWriterContract(t *testing.T) {
	vaulttest.RunWriter(t, func(t *testing.T) (vaulttest.ReadWriter, vaulttest.Seeder) {
		root := t.TempDir()
		r, err := dir.New(root)
		if err != nil {
			t.Fatal(err)
		}
		return dir.NewWriter(r, time.Now), func(t *testing.T, e vaulttest.Entry) { seed(t, root, e, azForm(e)) }
	})
}

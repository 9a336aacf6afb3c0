package config_test

import (
	"testing"

	"github.com/storewarden/storewarden/cmd/internal/config"
)

// What the registration leaves out whatever is configured must not be configured as guarded.
func TestGuardedNamespaceOfItsOwn(t *testing.T) {
	c := config.Default()
	c.Webhook.Register.Service = "azure-iot-operations/storewarden-webhook" // installed beside the connectors
	if err := c.Validate("x"); err == nil {
		t.Error("accepted, though no change in azure-iot-operations will ever reach the webhook")
	}
}

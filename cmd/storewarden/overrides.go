package main

import (
	"os"

	"github.com/storewarden/storewarden/cmd/internal/config"
	"github.com/storewarden/storewarden/policies/engine"
)

// overrides are the flags that a person's commands put over the configuration.
type overrides struct {
	config, vault, profile string
	namespaces             []string
}

// settings is the configuration with the flags over it.
func (f overrides) settings() (config.Config, error) {
	c, err := config.Load(f.config, os.Getenv)
	if err != nil {
		return c, err
	}
	if f.vault != "" {
		if err := setVault(&c, f.vault); err != nil {
			return c, err
		}
	}
	if f.profile != "" {
		c.Profile = engine.Profile(f.profile)
	}
	if len(f.namespaces) > 0 {
		c.Namespaces = f.namespaces
	}
	return c, c.Validate(f.config)
}

// Package manifests holds what is installed into a cluster: base is what every
// installation has in common.
package manifests

import "embed"

// Files are the manifests, by their paths from this folder.
//
//go:embed *.yaml base/*.yaml base/*/*.yaml
var Files embed.FS

// ConnectorStores is the path of the ConnectorStore's definition.
const ConnectorStores = "base/sync/connectorstores.yaml"

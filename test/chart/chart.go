// Package chart tests the Helm chart: that it installs what the overlays install. It is a
// module of its own, since Helm's and kustomize's libraries are large and the product needs
// none of them.
package chart

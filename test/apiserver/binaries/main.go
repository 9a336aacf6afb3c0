// Binaries prints the folder that holds etcd, kube-apiserver, kube-controller-manager and kubectl, and builds them first where needed. The go
// command holds back what tests print, so run this before them to see the progress of the first build:
//
//	KUBEBUILDER_ASSETS=$(go run ./test/apiserver/binaries) go test ./...
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/storewarden/storewarden/test/apiserver"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	dir, err := apiserver.Binaries(ctx, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(dir)
}

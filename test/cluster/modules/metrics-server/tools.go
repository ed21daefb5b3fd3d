//go:build tools

// Package tools keeps the programs of the test cluster in go.mod.
package tools

import _ "sigs.k8s.io/metrics-server/cmd/metrics-server"

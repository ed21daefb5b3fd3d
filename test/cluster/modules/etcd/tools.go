//go:build tools

// Package tools keeps the programs of the test cluster in go.mod.
package tools

import _ "go.etcd.io/etcd/server/v3"
